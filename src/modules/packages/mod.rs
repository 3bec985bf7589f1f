//! Modules for packages and the places that they come from.

mod apt;
mod apt_key;
mod apt_repository;
mod deb822_repository;
mod debconf;
mod dnf;
mod dpkg_divert;
mod dpkg_selections;
mod gpg;
mod package_facts;
mod pip;
mod rpm_key;
mod state;
mod yum_repository;

pub use apt::Apt;
pub use apt_key::{AptKey, Keys};
pub use apt_repository::{AptRepository, Sources};
pub use deb822_repository::{Deb822Repository, RepositoryState};
pub use debconf::{Answer, Debconf};
pub use dnf::Dnf;
pub use dpkg_divert::{Diversion, DpkgDivert};
pub use dpkg_selections::{DpkgSelections, SelectionState};
pub use package_facts::PackageFacts;
pub use pip::Pip;
pub use rpm_key::{RpmKey, RpmKeys};
pub use yum_repository::YumRepository;
