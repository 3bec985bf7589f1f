//! The host's name, time zone, locales and choice among alternatives.

mod alternatives;
mod hostname;
mod locale_gen;
mod timezone;

pub use alternatives::{Alternatives, AlternativesState};
pub use hostname::{Hostname, HostnameState};
pub use locale_gen::{LocaleGen, LocaleGenState};
pub use timezone::{Timezone, TimezoneState};
