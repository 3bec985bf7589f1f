//! `wait_for`.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use crate::modules::action::Action;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::outcome::Outcome;
use crate::modules::pyregex::PyRegex;
use crate::template::Flags;
use crate::value::{Map, Value};

/// What to wait for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum State {
    /// The file is gone.
    Absent,
    /// No connection to the port is in use.
    Drained,
    /// The file is there.
    Present,
    /// The port takes connections.
    #[default]
    Started,
    /// The port takes no connections.
    Stopped,
}

/// Waits until a port or a file is as asked for, or for a time.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitFor {
    /// The port's host.
    #[serde(default = "here")]
    host: String,
    /// The port to wait for.
    port: Option<u16>,
    /// The file to wait for.
    path: Option<String>,
    /// What to wait for: `started` and `present`, `stopped` and `absent` mean the same for a port and for a file.
    #[serde(default)]
    state: State,
    /// Regular expression that must be found in the file, or in what the port sends.
    search_regex: Option<String>,
    /// Seconds to wait at most. Without `port` and `path`, how long to wait at all.
    #[serde(default = "five_minutes")]
    timeout: u64,
    /// Seconds to wait for a connection.
    #[serde(default = "five")]
    connect_timeout: u64,
    /// Seconds to wait before looking for the first time.
    #[serde(default)]
    delay: u64,
    /// Seconds between two looks.
    #[serde(default = "one")]
    sleep: u64,
    /// Hosts whose connections do not count with `state: drained`.
    #[serde(default)]
    exclude_hosts: Vec<String>,
    /// States of a connection in which it is in use.
    #[serde(default = "active")]
    active_connection_states: Vec<String>,
    /// What to say when the time is up.
    msg: Option<String>,
}

fn here() -> String {
    "127.0.0.1".to_owned()
}

fn five_minutes() -> u64 {
    300
}

fn five() -> u64 {
    5
}

fn one() -> u64 {
    1
}

fn active() -> Vec<String> {
    ["ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2", "SYN_RECV", "SYN_SENT", "TIME_WAIT"].map(str::to_owned).to_vec()
}

/// States of connections, in the order of the kernel's numbers from 1.
const STATES: &[&str] = &[
    "ESTABLISHED",
    "SYN_SENT",
    "SYN_RECV",
    "FIN_WAIT1",
    "FIN_WAIT2",
    "TIME_WAIT",
    "CLOSE",
    "CLOSE_WAIT",
    "LAST_ACK",
    "LISTEN",
    "CLOSING",
];

/// What a search found.
#[derive(Default)]
struct Found {
    groups: Vec<Value>,
    named: Map,
}

impl Action for WaitFor {
    fn run(&self, ctx: &mut Ctx) -> Result<Outcome, ModuleError> {
        self.check()?;
        if ctx.mode.check {
            return Ok(Outcome { skipped: true, ..Outcome::ok().msg("nothing is waited for in check mode") });
        }
        let began = Instant::now();
        let (what, found) = self.wait(began, ctx)?;
        let elapsed = began.elapsed().as_secs();
        let Some(found) = found else {
            let said = self.msg.clone().unwrap_or_else(|| format!("Timeout when waiting for {what}"));
            return Err(ModuleError::new(said).with("elapsed", elapsed));
        };
        let state = format!("{:?}", self.state).to_lowercase();
        let text = |option: &Option<String>| option.as_deref().map_or(Value::Null, Value::from);
        let mut outcome = Outcome::ok()
            .with("elapsed", elapsed)
            .with("match_groupdict", found.named)
            .with("match_groups", Value::list(found.groups))
            .with("path", text(&self.path))
            .with("port", self.port.map_or(Value::Null, |port| Value::from(i64::from(port))))
            .with("search_regex", text(&self.search_regex))
            .with("state", state);
        if let Some(path) = &self.path {
            outcome.values.extend(ctx.path_info(&ctx.resolve(path))?);
        }
        Ok(outcome)
    }
}

impl WaitFor {
    fn check(&self) -> Result<(), ModuleError> {
        let wrong = |text: &str| Err(ModuleError::new(text));
        match (&self.path, self.port, self.state) {
            (Some(_), Some(_), _) => wrong("port and path parameter can not both be passed to wait_for"),
            (Some(_), _, State::Stopped) => wrong("state=stopped should only be used for checking a port"),
            (Some(_), _, State::Drained) => wrong("state=drained should only be used for checking a port"),
            (_, None, State::Drained) => wrong("state=drained needs a port"),
            (_, _, state) if state != State::Drained && !self.exclude_hosts.is_empty() => {
                wrong("exclude_hosts should only be with state=drained")
            }
            _ => match self.active_connection_states.iter().find(|name| !STATES.contains(&name.as_str())) {
                Some(name) => wrong(&format!("unknown active_connection_state ({name}) defined")),
                None => Ok(()),
            },
        }
    }

    /// Waits. Gives what was waited for in words, and what was found unless the time was up.
    fn wait(&self, began: Instant, ctx: &Ctx) -> Result<(String, Option<Found>), ModuleError> {
        pause(Duration::from_secs(self.delay), ctx)?;
        let target = match (&self.path, self.port) {
            (Some(path), _) => path.clone(),
            (None, Some(port)) => format!("{}:{port}", self.host),
            (None, None) => {
                pause(Duration::from_secs(self.timeout), ctx)?;
                return Ok((String::new(), Some(Found::default())));
            }
        };
        let regex = self
            .search_regex
            .as_ref()
            .map(|pattern| PyRegex::with_flags(pattern, Flags { multi_line: true, ..Flags::default() }))
            .transpose()?;
        let what = match (self.state, &self.path, &self.search_regex) {
            (State::Absent | State::Stopped, Some(_), _) => format!("{target} to be absent."),
            (State::Absent | State::Stopped, None, _) => format!("{target} to stop."),
            (State::Drained, ..) => format!("{target} to drain"),
            (_, _, Some(pattern)) => format!("search string {pattern} in {target}"),
            (_, Some(_), None) => format!("file {target}"),
            (_, None, None) => target,
        };
        let end = began + Duration::from_secs(self.delay + self.timeout);
        while Instant::now() < end {
            if let Some(found) = self.look(regex.as_ref(), end, ctx)? {
                return Ok((what, Some(found)));
            }
            let left = end.saturating_duration_since(Instant::now());
            pause(Duration::from_secs(self.sleep).min(left.max(Duration::from_millis(1))), ctx)?;
        }
        Ok((what, None))
    }

    /// One look: whether it is so by now.
    fn look(&self, regex: Option<&PyRegex>, end: Instant, ctx: &Ctx) -> Result<Option<Found>, ModuleError> {
        let gone = matches!(self.state, State::Absent | State::Stopped);
        let yes = |is: bool| is.then(Found::default);
        if let Some(path) = &self.path {
            let path = ctx.resolve(path);
            return match (gone, regex) {
                (true, _) => Ok(yes(!path.exists())),
                (false, None) => match ctx.meta_following(&path)? {
                    Some(_) => Ok(yes(true)),
                    None => Ok(None),
                },
                // a file that cannot be read yet may be readable at the next look
                (false, Some(regex)) => match fs::read(&path) {
                    Ok(bytes) => search(regex, &bytes),
                    Err(_) => Ok(None),
                },
            };
        }
        if self.state == State::Drained {
            return Ok(yes(self.connections(ctx)? == 0));
        }
        let left = end.saturating_duration_since(Instant::now());
        let patience = Duration::from_secs(self.connect_timeout).min(left.max(Duration::from_secs(1)));
        let port = self.port.unwrap_or_default();
        let connected = ctx
            .wait(tokio::time::timeout(patience, TcpStream::connect((self.host.as_str(), port))))
            .ok_or_else(interrupted)?;
        match (connected, regex) {
            (Ok(Ok(_)), _) if gone => Ok(None),
            (Ok(Ok(_)), None) => Ok(yes(true)),
            (Ok(Ok(stream)), Some(regex)) => listen(stream, regex, end, ctx),
            _ => Ok(yes(gone)),
        }
    }

    /// How many connections to the port are in use.
    fn connections(&self, ctx: &Ctx) -> Result<usize, ModuleError> {
        let own = addresses(&self.host, ctx)?;
        let mut others = Vec::new();
        for host in &self.exclude_hosts {
            others.extend(addresses(host, ctx)?);
        }
        let any = own.iter().any(IpAddr::is_unspecified);
        let states: Vec<usize> = self
            .active_connection_states
            .iter()
            .filter_map(|name| STATES.iter().position(|known| known == name))
            .map(|position| position + 1)
            .collect();
        let mut count = 0;
        for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
            // a kernel without IPv6 has no such table
            let Ok(text) = fs::read_to_string(table) else { continue };
            for line in text.lines().skip(1) {
                let mut words = line.split_whitespace().skip(1);
                let (Some(local), Some(remote), Some(state)) = (words.next(), words.next(), words.next()) else {
                    continue;
                };
                let state = usize::from_str_radix(state, 16).unwrap_or_default();
                let (Some(local), Some(remote)) = (endpoint(local), endpoint(remote)) else { continue };
                if Some(local.port()) == self.port
                    && states.contains(&state)
                    && !others.contains(&remote.ip())
                    && (any || own.contains(&local.ip()))
                {
                    count += 1;
                }
            }
        }
        Ok(count)
    }
}

fn interrupted() -> ModuleError {
    ModuleError::new("interrupted while waiting")
}

fn pause(time: Duration, ctx: &Ctx) -> Result<(), ModuleError> {
    if time.is_zero() {
        return Ok(());
    }
    ctx.wait(tokio::time::sleep(time)).ok_or_else(interrupted)
}

fn search(regex: &PyRegex, bytes: &[u8]) -> Result<Option<Found>, ModuleError> {
    let text = String::from_utf8_lossy(bytes);
    let Some(captures) = regex.search(&text)? else { return Ok(None) };
    let text = |group: Option<fancy_regex::Match<'_>>| group.map_or(Value::Null, |group| Value::from(group.as_str()));
    let groups = (1..captures.len()).map(|number| text(captures.get(number))).collect();
    let named = regex.names().map(|name| (name.into(), text(captures.name(name)))).collect();
    Ok(Some(Found { groups, named }))
}

/// Reads what a connection sends until the pattern is found, the other end stops or the time is up.
fn listen(mut stream: TcpStream, regex: &PyRegex, end: Instant, ctx: &Ctx) -> Result<Option<Found>, ModuleError> {
    let mut data = Vec::new();
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let read = ctx.wait(tokio::time::timeout(left, stream.read_buf(&mut data))).ok_or_else(interrupted)?;
        match read {
            Ok(Ok(count)) if count > 0 => {
                if let Some(found) = search(regex, &data)? {
                    return Ok(Some(found));
                }
            }
            _ => return Ok(None),
        }
    }
}

fn addresses(host: &str, ctx: &Ctx) -> Result<Vec<IpAddr>, ModuleError> {
    let found = ctx.wait(tokio::net::lookup_host((host, 0))).ok_or_else(interrupted)?;
    let found = found.map_err(|error| ModuleError::because(format!("cannot resolve `{host}`"), error))?;
    Ok(found.map(|address| address.ip().to_canonical()).collect())
}

/// An address as the kernel's tables write it: the words of the address in the machine's order, then the port.
fn endpoint(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let mut bytes = Vec::new();
    for start in (0..address.len()).step_by(8) {
        let word = u32::from_str_radix(address.get(start..start + 8)?, 16).ok()?;
        bytes.extend(word.to_ne_bytes());
    }
    let ip = match bytes.len() {
        4 => IpAddr::from(<[u8; 4]>::try_from(bytes).ok().map(Ipv4Addr::from)?),
        _ => IpAddr::from(<[u8; 16]>::try_from(bytes).ok().map(Ipv6Addr::from)?),
    };
    Some(SocketAddr::new(ip.to_canonical(), port))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::net::TcpListener;

    use serde_json::json;

    use super::*;
    use crate::modules::testing::{run, with_ctx};
    use crate::value::to_json;

    #[test]
    fn ports_start_speak_and_stop() {
        with_ctx(|ctx| {
            let server = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = server.local_addr().unwrap().port();
            assert!(run(ctx, "wait_for", json!({"port": port, "timeout": 5})).is_ok());
            let thread = std::thread::spawn(move || {
                let (_first, _) = server.accept().unwrap();
                let (mut second, _) = server.accept().unwrap();
                second.write_all(b"SSH-2.0-OpenSSH_9\r\n").unwrap();
            });
            let args = json!({"port": port, "timeout": 5, "search_regex": "^SSH-(?P<v>[0-9.]+)"});
            let done = run(ctx, "wait_for", args).unwrap();
            assert_eq!(to_json(done.values.get("match_groupdict").unwrap()), json!({"v": "2.0"}));
            thread.join().unwrap();
            assert!(run(ctx, "wait_for", json!({"port": port, "state": "stopped", "timeout": 5})).is_ok());
            let error = run(ctx, "wait_for", json!({"port": port, "timeout": 1})).unwrap_err();
            assert_eq!(error.message, format!("Timeout when waiting for 127.0.0.1:{port}"));
        });
    }

    #[test]
    fn files_come_and_go() {
        with_ctx(|ctx| {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("f");
            assert!(run(ctx, "wait_for", json!({"path": path, "state": "absent"})).is_ok());
            fs::write(&path, "ready 42\n").unwrap();
            let done = run(ctx, "wait_for", json!({"path": path, "search_regex": "ready (\\d+)$"})).unwrap();
            assert_eq!(to_json(done.values.get("match_groups").unwrap()), json!(["42"]));
            let args = json!({"path": path, "search_regex": "never", "timeout": 1, "msg": "too late"});
            assert_eq!(run(ctx, "wait_for", args).unwrap_err().message, "too late");
            assert!(run(ctx, "wait_for", json!({"path": path, "port": 1})).is_err());
        });
    }

    #[test]
    fn connections_drain() {
        with_ctx(|ctx| {
            let server = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = server.local_addr().unwrap().port();
            assert!(run(ctx, "wait_for", json!({"port": port, "state": "drained", "timeout": 2})).is_ok());
            let client = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
            let args = json!({"port": port, "state": "drained", "timeout": 1});
            assert!(run(ctx, "wait_for", args).unwrap_err().message.ends_with("to drain"));
            let args = json!({"port": port, "state": "drained", "timeout": 1, "exclude_hosts": "127.0.0.1"});
            assert!(run(ctx, "wait_for", args).is_ok());
            drop(client);
        });
    }

    #[test]
    fn addresses_of_the_kernels_tables() {
        assert_eq!(endpoint("0100007F:1F90"), Some("127.0.0.1:8080".parse().unwrap()));
        assert_eq!(endpoint("0000000000000000FFFF00000100007F:0050"), Some("127.0.0.1:80".parse().unwrap()));
    }
}
