//! Modules for processes and commands.
