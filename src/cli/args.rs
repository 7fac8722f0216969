//! What may be typed: every subcommand and option, with its help. Vietnamese first, then English.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use crate::i18n::Lang;

/// Lá Chắn: bộ phân giải DNS che chắn học sinh khỏi nội dung trái pháp luật hoặc không hợp lứa tuổi.
///
/// Lá Chắn: a DNS resolver that keeps pupils away from content that is illegal or wrong for their age,
/// and that can account for what it blocked.
#[derive(Debug, Parser)]
#[command(name = "lachan", version, max_term_width = 100, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
    /// Ngôn ngữ của màn hình; không ghi thì là LACHAN_LANG, rồi ngôn ngữ của hệ thống. /
    /// Language of what is printed; if not given, LACHAN_LANG, then the locale.
    #[arg(long, global = true, value_name = "vi|en", value_parser = lang)]
    pub lang: Option<Lang>,
}

fn lang(id: &str) -> Result<Lang, &'static str> {
    Lang::from_id(id).ok_or("vi, en")
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Chạy bộ phân giải. / Runs the resolver.
    ///
    /// Không có tệp cấu hình: dùng danh sách khởi đầu, lưu vào thư mục trạng thái, tự phân giải từ gốc. /
    /// Without a config file: the starter lists, a state folder of its own, recursion from the root.
    Serve(ServeArgs),
    /// Hỏi vài câu rồi viết tệp cấu hình cho trường. / Asks a few questions and writes the school's config.
    Init(InitArgs),
    /// Giải thích một tên miền được phép hay bị chặn, vì sao, ở từng cấp học. /
    /// Explains whether a name is allowed or blocked, why, and what each tier gets.
    Check(CheckArgs),
    /// Việc với tệp cấu hình. / Work with the config file.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Việc với các danh sách. / Work with the lists.
    #[command(subcommand)]
    Lists(ListsCommand),
    /// Xem nhật ký các lượt truy cập bị chặn. / Shows the log of blocked attempts.
    ///
    /// Chỉ lượt bị chặn được ghi; mỗi lần đọc dòng của từng thiết bị đều được ghi lại. /
    /// Only blocked attempts are kept, and every reading of device rows is itself recorded.
    Log(LogArgs),
    /// Tình trạng máy chủ đang chạy. / Health of the running server.
    Status(StatusArgs),
    /// Bảo máy chủ đang chạy đọc lại cấu hình và danh sách. / Makes the running server read config and lists again.
    ///
    /// Nếu có lỗi, mọi thứ đang chạy được giữ nguyên và lỗi được in ra. /
    /// If anything is wrong, what was running stays, and the mistakes are printed.
    Reload(ReloadArgs),
}

/// Where the config file and the state folder are.
#[derive(Clone, Debug, ClapArgs)]
pub struct Place {
    /// Tệp cấu hình; không ghi thì là LACHAN_CONFIG, rồi /etc/lachan/lachan.toml nếu có. /
    /// Config file; if not given, LACHAN_CONFIG, then /etc/lachan/lachan.toml where there is one.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Thư mục trạng thái, thay cho trong cấu hình. / State folder, in place of the config's.
    #[arg(long, value_name = "FOLDER", env = "LACHAN_STATE")]
    pub state: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub struct ServeArgs {
    #[command(flatten)]
    pub place: Place,
    /// In nhật ký chương trình dạng JSON. / Prints the program's log as JSON.
    #[arg(long)]
    pub log_json: bool,
}

#[derive(Debug, ClapArgs)]
pub struct InitArgs {
    /// Tệp cấu hình sẽ viết. / Config file to write.
    #[arg(value_name = "FILE", default_value = "lachan.toml")]
    pub file: PathBuf,
    /// Ghi đè tệp đã có. / Overwrites a file that is there.
    #[arg(long)]
    pub overwrite: bool,
}

#[derive(Debug, ClapArgs)]
pub struct CheckArgs {
    /// Tên miền, hoặc địa chỉ của một trang. / Name, or the address of a page.
    pub name: String,
    /// Loại bản ghi được hỏi. / RR type that is asked.
    #[arg(long = "type", value_name = "TYPE", default_value = "A")]
    pub rtype: String,
    /// Cho cấp học này. / For this tier.
    #[arg(long, value_name = "TIER", conflicts_with_all = ["group", "client"])]
    pub tier: Option<String>,
    /// Cho nhóm này. / For this group.
    #[arg(long, value_name = "GROUP", conflicts_with = "client")]
    pub group: Option<String>,
    /// Cho máy có địa chỉ này. / For the client with this address.
    #[arg(long, value_name = "IP")]
    pub client: Option<IpAddr>,
    /// Phân giải như cho một máy thật, theo các bí danh (CNAME); mặc định khi máy chủ đang chạy. /
    /// Resolves as for a client, following aliases (CNAME); the default while the server runs.
    #[arg(long, overrides_with = "no_resolve")]
    pub resolve: bool,
    /// Không hỏi ra ngoài: chỉ nói điều mà chính câu hỏi quyết định. /
    /// Asks nobody outside: tells only what the question itself decides.
    #[arg(long)]
    pub no_resolve: bool,
    /// Chỉ xem chỉ mục trên đĩa, không hỏi máy chủ đang chạy. / Looks at the index on disk only, not at the running server.
    #[arg(long, conflicts_with = "resolve")]
    pub offline: bool,
    /// In JSON. / Prints JSON.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub place: Place,
}

#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Kiểm tra tệp cấu hình và in mọi lỗi cùng lúc. / Checks a config file and prints all its mistakes at once.
    Check(ConfigCheckArgs),
    /// Giải thích một mã lỗi; không ghi mã thì in mọi mã. / Explains a code of a mistake; without one lists all codes.
    Explain(ConfigExplainArgs),
}

#[derive(Debug, ClapArgs)]
pub struct ConfigCheckArgs {
    /// Tệp cấu hình; không ghi thì là LACHAN_CONFIG, rồi /etc/lachan/lachan.toml nếu có, rồi lachan.toml. /
    /// Config file; if not given, LACHAN_CONFIG, then /etc/lachan/lachan.toml where there is one, then lachan.toml.
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// In JSON. / Prints JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, ClapArgs)]
pub struct ConfigExplainArgs {
    /// Mã trong error[…], ví dụ bad-name. / The code in error[…], such as bad-name.
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum ListsCommand {
    /// Mỗi danh sách: bản nào, bao nhiêu dòng được dùng, bỏ qua, từ chối. /
    /// Each list: its version, and how many lines were taken, ignored, refused.
    Status(ListsStatusArgs),
    /// Tải các danh sách ngay bây giờ. / Downloads the lists now.
    Update(ListsUpdateArgs),
    /// Dựng chỉ mục từ các danh sách đang bật. / Builds the index from the lists that are switched on.
    Compile(ListsCompileArgs),
    /// So hai chỉ mục. / Compares two indexes.
    Diff(ListsDiffArgs),
}

#[derive(Debug, ClapArgs)]
pub struct ListsStatusArgs {
    #[command(flatten)]
    pub place: Place,
    /// Thêm các dòng mẫu bị từ chối. / Adds samples of refused lines.
    #[arg(long)]
    pub samples: bool,
    /// In JSON. / Prints JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, ClapArgs)]
pub struct ListsUpdateArgs {
    #[command(flatten)]
    pub place: Place,
    /// Nhận danh sách này dù số tên thay đổi bất thường. / Takes this list although its size looks like an accident.
    #[arg(long, value_name = "ID")]
    pub accept: Vec<String>,
}

#[derive(Debug, ClapArgs)]
pub struct ListsCompileArgs {
    #[command(flatten)]
    pub place: Place,
    /// Tệp chỉ mục sẽ viết, thay cho tệp của máy chủ. / Index file to write, in place of the server's.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// In JSON. / Prints JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, ClapArgs)]
pub struct ListsDiffArgs {
    /// Chỉ mục cũ. / Old index.
    pub old: PathBuf,
    /// Chỉ mục mới. / New index.
    pub new: PathBuf,
    /// In JSON. / Prints JSON.
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
    /// Từ lúc này: 23/11/2026, 2026-11-23T07:00, hoặc 2h, 7d, 2w trước, "hôm qua". /
    /// Since then: a date, a time, 2h, 7d, 2w ago, or yesterday.
    #[arg(long, value_name = "WHEN")]
    pub since: Option<String>,
    /// Đến trước lúc này. / Until before then.
    #[arg(long, value_name = "WHEN")]
    pub until: Option<String>,
    /// Cấp học, ghi mã hoặc như trên màn hình. / Tier, as an id or as the screen shows it.
    #[arg(long)]
    pub tier: Option<String>,
    /// Nhóm. / Group.
    #[arg(long)]
    pub group: Option<String>,
    /// Nhóm nội dung, ghi mã hoặc như trên màn hình. / Category, as an id or as the screen shows it.
    #[arg(long)]
    pub category: Option<String>,
    /// Bị chặn, hay chỉ đếm: blocked, monitored. / Blocked, or only counted: blocked, monitored.
    #[arg(long)]
    pub effect: Option<String>,
    /// Tên miền; *.x là x và mọi tên bên dưới. / Name; *.x means x and all below.
    #[arg(long)]
    pub name: Option<String>,
    /// Nhiều nhất bấy nhiêu dòng, mới nhất. / At most so many rows, the newest.
    #[arg(long, default_value_t = 1000)]
    pub limit: usize,
    /// Chỉ in tổng: theo cấp học, nhóm nội dung, nhóm, danh sách, ngày, tên. /
    /// Prints only totals: by tier, category, group, list, day and name.
    #[arg(long, conflicts_with = "follow")]
    pub totals: bool,
    /// Dạng in ra. / What to print.
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
    /// Chờ và in tiếp các dòng mới. / Waits and prints new rows as they come.
    #[arg(long)]
    pub follow: bool,
}

#[derive(Debug, Subcommand)]
pub enum LogCommand {
    /// Ai đã xem dòng của từng thiết bị, lúc nào, với bộ lọc nào. / Who read rows of single devices, when, with which filter.
    Access(LogAccessArgs),
}

#[derive(Debug, ClapArgs)]
pub struct LogAccessArgs {
    #[command(flatten)]
    pub place: Place,
    /// Nhiều nhất bấy nhiêu dòng, mới nhất. / At most so many rows, the newest.
    #[arg(long, default_value_t = 1000)]
    pub limit: usize,
    /// Dạng in ra. / What to print.
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
    /// In JSON. / Prints JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, ClapArgs)]
pub struct ReloadArgs {
    #[command(flatten)]
    pub place: Place,
}
