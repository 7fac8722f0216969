//! The answer and its explanation, over a whole school in one process: what an alias leads to is judged before
//! it is asked for, and `lachan check` tells what is answered.

mod admit;
mod aliases;
mod check;
mod likeness;
mod patterns;
mod school;
