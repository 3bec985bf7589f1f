//! Modules for the operating system: facts, cron, time.
