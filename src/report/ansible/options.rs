//! What can be chosen of Ansible's report.

use std::path::PathBuf;

use crate::report::Palette;

/// How results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResultFormat {
    /// JSON on one line, indented where there is more to read.
    #[default]
    Json,
    /// YAML below the line.
    Yaml,
}

/// The options of Ansible's `default` callback, and what its lines need to know of the command.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of Ansible's own")]
pub struct CallbackOptions {
    /// How many `-v`.
    pub verbosity: u8,
    /// Colours or not.
    pub palette: Palette,
    /// How wide headings are drawn: one less than the terminal, 79 where there is none.
    pub columns: usize,
    /// The folder that paths of tasks are completed with.
    pub dir: PathBuf,
    /// `display_skipped_hosts`
    pub display_skipped_hosts: bool,
    /// `display_ok_hosts`
    pub display_ok_hosts: bool,
    /// `display_failed_stderr`
    pub display_failed_stderr: bool,
    /// `show_custom_stats`
    pub show_custom_stats: bool,
    /// `show_task_path_on_failure`
    pub show_task_path_on_failure: bool,
    /// `check_mode_markers`
    pub check_mode_markers: bool,
    /// `result_format`
    pub result_format: ResultFormat,
    /// `pretty_results`; without it, what is best for the format.
    pub pretty_results: Option<bool>,
    /// Lines around a difference.
    pub diff_context: usize,
}

impl Default for CallbackOptions {
    fn default() -> Self {
        Self {
            verbosity: 0,
            palette: Palette::Plain,
            columns: 79,
            dir: PathBuf::new(),
            display_skipped_hosts: true,
            display_ok_hosts: true,
            display_failed_stderr: false,
            show_custom_stats: false,
            show_task_path_on_failure: false,
            check_mode_markers: false,
            result_format: ResultFormat::Json,
            pretty_results: None,
            diff_context: 3,
        }
    }
}
