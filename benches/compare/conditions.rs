//! What the machine is, and how busy it was.

use std::fs;

/// Conditions, read at the start and at the end.
pub struct Conditions {
    pub day: String,
    pub processor: String,
    pub cores: usize,
    pub kernel: String,
    pub load: String,
    /// The priority that we and all servers run with: -20 goes before all others.
    pub nice: String,
}

impl Conditions {
    pub fn now() -> Self {
        let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let named = |line: &&str| line.starts_with("model name");
        let models: Vec<&str> = processors.lines().filter(named).collect();
        let model = models.first().and_then(|line| line.split(": ").nth(1)).unwrap_or("unknown processor");
        Self {
            day: jiff::Zoned::now().strftime("%d/%m/%Y").to_string(),
            processor: model.to_owned(),
            cores: models.len(),
            kernel: first_word_of("/proc/sys/kernel/osrelease")
                .split('-')
                .next()
                .unwrap_or_default()
                .to_owned(),
            load: first_word_of("/proc/loadavg"),
            nice: nice().unwrap_or_default(),
        }
    }
}

fn nice() -> Option<String> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The 17th after the name in parentheses (proc(5)).
    stat.rsplit(") ").next()?.split(' ').nth(16).map(str::to_owned)
}

fn first_word_of(file: &str) -> String {
    fs::read_to_string(file).unwrap_or_default().split_whitespace().next().unwrap_or_default().to_owned()
}
