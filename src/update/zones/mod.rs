//! One policy zone, renewed: from a file or from its primaries, to what is kept on disk.
//!
//! What fails leaves the last good copy as it was: a file that is empty, no zone or a fraction of what it
//! was; a primary that is silent, refuses, or sends what does not fit.
// Inside: `file` reads and judges a master file, `primary` speaks to a server, `store` is the disk, `kept` is what is
// known of one zone, `renew` does it for all.

pub mod file;
pub mod kept;
pub mod primary;
pub mod renew;
pub mod store;
