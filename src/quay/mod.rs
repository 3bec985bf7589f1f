//! Quay from outside: the contract that client and sandbox share, and the client.

pub mod contract;
