//! What may be typed: every subcommand and option. What their help says stands in `i18n`; `help` brings it here.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use crate::i18n::Lang;

/// Lá Chắn: a DNS resolver that keeps pupils away from content that is illegal or wrong for their age, and
/// that can account for what it blocked.
#[derive(Debug, Parser)]
#[command(name = "lachan", version, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
    /// Language of what is printed; if not given, LACHAN_LANG, then the locale.
    #[arg(long, global = true, value_name = "vi|en", value_parser = lang)]
    pub lang: Option<Lang>,
}

fn lang(id: &str) -> Result<Lang, &'static str> {
    Lang::from_id(id).ok_or("vi, en")
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs the resolver.
    ///
    /// Without a config file: the starter lists, a state folder of its own, recursion from the root.
    Serve(ServeArgs),
    /// Asks a few questions and writes the school's config.
    Init(InitArgs),
    /// Explains whether a name is allowed or blocked, why, and what each tier gets.
    Check(CheckArgs),
    /// Work with the config file.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Work with the lists.
    #[command(subcommand)]
    Lists(ListsCommand),
    /// Shows the log of blocked attempts.
    ///
    /// Only blocked attempts are kept, and every reading of device rows is itself recorded.
    Log(LogArgs),
    /// Health of the running server.
    Status(StatusArgs),
    /// Makes the running server read config and lists again.
    ///
    /// If anything is wrong, what was running stays, and the mistakes are printed.
    Reload(ReloadArgs),
}

/// Where the config file and the state folder are.
#[derive(Clone, Debug, ClapArgs)]
pub struct Place {
    /// Config file; if not given, LACHAN_CONFIG, then /etc/lachan/lachan.toml where there is one.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// State folder, in place of the config's.
    #[arg(long, value_name = "FOLDER", env = "LACHAN_STATE")]
    pub state: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub struct ServeArgs {
    #[command(flatten)]
    pub place: Place,
    /// Prints the program's log as JSON.
    #[arg(long)]
    pub log_json: bool,
}

#[derive(Debug, ClapArgs)]
pub struct InitArgs {
    /// Config file to write.
    #[arg(value_name = "FILE", default_value = "lachan.toml")]
    pub file: PathBuf,
    /// Overwrites a file that is there.
    #[arg(long)]
    pub overwrite: bool,
}

#[derive(Debug, ClapArgs)]
pub struct CheckArgs {
    /// Name, or the address of a page.
    pub name: String,
    /// RR type that is asked.
    #[arg(long = "type", value_name = "TYPE", default_value = "A")]
    pub rtype: String,
    /// For this tier.
    #[arg(long, value_name = "TIER", conflicts_with_all = ["group", "client"])]
    pub tier: Option<String>,
    /// For this group.
    #[arg(long, value_name = "GROUP", conflicts_with = "client")]
    pub group: Option<String>,
    /// For the client with this address.
    #[arg(long, value_name = "IP")]
    pub client: Option<IpAddr>,
    /// Resolves as for a client, following aliases (CNAME); the default while the server runs.
    #[arg(long, overrides_with = "no_resolve")]
    pub resolve: bool,
    /// Asks nobody outside: tells only what the question itself decides.
    #[arg(long)]
    pub no_resolve: bool,
    /// Looks at the index on disk only, not at the running server.
    #[arg(long, conflicts_with = "resolve")]
    pub offline: bool,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub place: Place,
}

#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Checks a config file and prints all its mistakes at once.
    Check(ConfigCheckArgs),
    /// Explains a code of a mistake; without one lists all codes.
    Explain(ConfigExplainArgs),
}

#[derive(Debug, ClapArgs)]
pub struct ConfigCheckArgs {
    /// Config file; if not given, LACHAN_CONFIG, then /etc/lachan/lachan.toml where there is one, then
    /// lachan.toml.
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, ClapArgs)]
pub struct ConfigExplainArgs {
    /// The code in error[…], such as bad-name.
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum ListsCommand {
    /// Each list: its version, and how many lines were taken, ignored, refused.
    Status(ListsStatusArgs),
    /// Downloads the lists now.
    Update(ListsUpdateArgs),
    /// Takes a list's next copy although its size looks like an accident.
    Accept(ListsAcceptArgs),
    /// Builds the index from the lists that are switched on.
    Compile(ListsCompileArgs),
    /// The brands of bookmakers that lists taught, and the names that were caught by them.
    Brands(ListsBrandsArgs),
    /// Packs the kept copies of public lists, for other schools or for a stick.
    Snapshot(ListsSnapshotArgs),
    /// Compares two indexes.
    Diff(ListsDiffArgs),
    /// The public sources that can be switched on, with what was measured of each.
    Catalogue(ListsCatalogueArgs),
}

#[derive(Debug, ClapArgs)]
pub struct ListsStatusArgs {
    #[command(flatten)]
    pub place: Place,
    /// Adds samples of refused lines.
    #[arg(long)]
    pub samples: bool,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, ClapArgs)]
pub struct ListsUpdateArgs {
    #[command(flatten)]
    pub place: Place,
}

#[derive(Debug, ClapArgs)]
pub struct ListsAcceptArgs {
    #[command(flatten)]
    pub place: Place,
    /// The list.
    #[arg(value_name = "ID")]
    pub id: String,
    /// Why it is right.
    #[arg(long, value_name = "TEXT")]
    pub why: String,
    /// Who decides; without it, the user of this command.
    #[arg(long, value_name = "NAME")]
    pub who: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub struct ListsBrandsArgs {
    #[command(flatten)]
    pub place: Place,
    /// A brand, or a name that looks like one: the names that it was learned from.
    #[arg(value_name = "NAME", conflicts_with = "caught")]
    pub name: Option<String>,
    /// Names of the log that no list has, caught by a brand alone.
    #[arg(long)]
    pub caught: bool,
    /// With --caught, since then: a date, a time, 2h, 7d, 2w ago, or yesterday.
    #[arg(long, value_name = "WHEN", requires = "caught")]
    pub since: Option<String>,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, ClapArgs)]
pub struct ListsSnapshotArgs {
    #[command(flatten)]
    pub place: Place,
    /// The folder to write: new, empty, or an older snapshot.
    #[arg(short, long, value_name = "FOLDER")]
    pub output: PathBuf,
    /// Packs lists too whose licence asks for more than a notice: the folder is not given to others.
    #[arg(long)]
    pub own_use: bool,
}

#[derive(Debug, ClapArgs)]
pub struct ListsCompileArgs {
    #[command(flatten)]
    pub place: Place,
    /// Index file to write, in place of the server's.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, ClapArgs)]
pub struct ListsCatalogueArgs {
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, ClapArgs)]
pub struct ListsDiffArgs {
    /// Old index.
    pub old: PathBuf,
    /// New index.
    pub new: PathBuf,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, ClapArgs)]
#[command(args_conflicts_with_subcommands = true)]
pub struct LogArgs {
    #[command(subcommand)]
    pub command: Option<LogCommand>,
    #[command(flatten)]
    pub place: Place,
    /// Since then: a date, a time, 2h, 7d, 2w ago, or yesterday.
    #[arg(long, value_name = "WHEN")]
    pub since: Option<String>,
    /// Until before then.
    #[arg(long, value_name = "WHEN")]
    pub until: Option<String>,
    /// Tier, as an id or as the screen shows it.
    #[arg(long)]
    pub tier: Option<String>,
    /// Group.
    #[arg(long)]
    pub group: Option<String>,
    /// Category, as an id or as the screen shows it.
    #[arg(long)]
    pub category: Option<String>,
    /// Blocked, or only counted: blocked, monitored.
    #[arg(long)]
    pub effect: Option<String>,
    /// Name; *.x means x and all below.
    #[arg(long)]
    pub name: Option<String>,
    /// At most so many rows, the newest.
    #[arg(long, default_value_t = 1000)]
    pub limit: usize,
    /// Prints only totals: by tier, category, group, list, day and name.
    #[arg(long, conflicts_with = "follow")]
    pub totals: bool,
    /// What to print.
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
    /// Waits and prints new rows as they come.
    #[arg(long)]
    pub follow: bool,
}

#[derive(Debug, Subcommand)]
pub enum LogCommand {
    /// Who read rows of single devices, when, with which filter.
    Access(LogAccessArgs),
}

#[derive(Debug, ClapArgs)]
pub struct LogAccessArgs {
    #[command(flatten)]
    pub place: Place,
    /// At most so many rows, the newest.
    #[arg(long, default_value_t = 1000)]
    pub limit: usize,
    /// What to print.
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Table,
    Csv,
    Json,
}

#[derive(Debug, ClapArgs)]
pub struct StatusArgs {
    #[command(flatten)]
    pub place: Place,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, ClapArgs)]
pub struct ReloadArgs {
    #[command(flatten)]
    pub place: Place,
}
