//! `dnf`, through the program of that name (`dnf5` and the `yum` of later releases are the same to us).

mod call;
mod options;
mod plan;
#[cfg(test)]
mod tests;

pub use options::Dnf;
