//! Modules for a Quay registry's objects.
