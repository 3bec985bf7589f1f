//! The addresses of the network interfaces, asked of the kernel over netlink. No library call does this without unsafe code
//! or shared libraries.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with};

/// An address of an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// The number of the interface.
    pub(super) index: u32,
    /// The address.
    pub(super) ip: IpAddr,
    /// Bits of the network's part.
    pub(super) prefix: u8,
    /// How far it is valid.
    pub(super) scope: &'static str,
    /// Further addresses of a network that the interface has one of already.
    pub(super) secondary: bool,
    /// The broadcast address.
    pub(super) broadcast: Option<Ipv4Addr>,
    /// The name under which the address was given, such as `eth0:1`.
    pub(super) label: Option<String>,
}

const REQUEST_ADDRESSES: u16 = 22;
const NEW_ADDRESS: u16 = 20;
const DONE: u16 = 3;
const ERROR: u16 = 2;
/// A request, and for all entries.
const REQUEST_DUMP: u16 = 0x301;

/// All addresses.
pub(super) fn addresses() -> io::Result<Vec<Address>> {
    // no protocol number means routing, which is number 0
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
    let mut request = Vec::with_capacity(24);
    request.extend(24_u32.to_ne_bytes());
    request.extend(REQUEST_ADDRESSES.to_ne_bytes());
    request.extend(REQUEST_DUMP.to_ne_bytes());
    request.extend(1_u32.to_ne_bytes());
    request.extend(0_u32.to_ne_bytes());
    // the family of addresses: any
    request.extend([0; 8]);
    sendto(&socket, &request, SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
    let mut found = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let (count, _) = recv(&socket, buffer.as_mut_slice(), RecvFlags::empty())?;
        let mut rest = buffer.get(..count).unwrap_or_default();
        if rest.is_empty() {
            return Ok(found);
        }
        while let Some(length) = number(rest, 0).filter(|length| *length >= 16) {
            let message = rest.get(16..length as usize).unwrap_or_default();
            match rest.get(4..6).map(|bytes| bytes.try_into().map(u16::from_ne_bytes)) {
                Some(Ok(NEW_ADDRESS)) => found.extend(parse(message)),
                Some(Ok(DONE)) => return Ok(found),
                Some(Ok(ERROR)) => return Err(io::Error::other("the kernel refused to list addresses")),
                _ => {}
            }
            rest = rest.get((length as usize).next_multiple_of(4)..).unwrap_or_default();
        }
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_ne_bytes)
}

fn parse(message: &[u8]) -> Option<Address> {
    let (&prefix, &flags, &scope) = (message.get(1)?, message.get(2)?, message.get(3)?);
    let index = number(message, 4)?;
    let (mut own, mut local, mut broadcast, mut label) = (None, None, None, None);
    let mut rest = message.get(8..)?;
    while let Some(head) = rest.get(..4) {
        let length = usize::from(u16::from_ne_bytes([*head.first()?, *head.get(1)?]));
        let kind = u16::from_ne_bytes([*head.get(2)?, *head.get(3)?]);
        let data = rest.get(4..length)?;
        match kind {
            1 => own = ip(data),
            2 => local = ip(data),
            3 => {
                label = std::ffi::CStr::from_bytes_until_nul(data).ok().map(|name| name.to_string_lossy().into_owned());
            }
            4 => broadcast = ip(data).and_then(|ip| if let IpAddr::V4(ip) = ip { Some(ip) } else { None }),
            _ => {}
        }
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    let scope = match scope {
        0 => "global",
        200 => "site",
        253 => "link",
        254 => "host",
        _ => "nowhere",
    };
    // of a connection between two points, the local end is the interface's own
    let ip = local.or(own)?;
    Some(Address { index, ip, prefix, scope, secondary: flags & 1 != 0, broadcast, label })
}

fn ip(data: &[u8]) -> Option<IpAddr> {
    if let Ok(bytes) = <[u8; 4]>::try_from(data) {
        return Some(Ipv4Addr::from(bytes).into());
    }
    <[u8; 16]>::try_from(data).ok().map(|bytes| Ipv6Addr::from(bytes).into())
}
