//! Modules for network requests and waiting.
