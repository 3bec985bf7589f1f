//! Ways to a host when something goes wrong on the way, and how fast they are when nothing does.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use quaymaster::transport::{ConnectionSpec, HostKeyChecking, Kind, TransportError, open};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::sshd::Sshd;
use crate::transport::{run, whole};

/// A relay to a server, which can stop passing things on or cut its connections.
struct Relay {
    port: u16,
    stalled: Arc<AtomicBool>,
    sockets: Arc<Mutex<Vec<TcpStream>>>,
}

impl Relay {
    fn to(server: &Sshd) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let relay =
            Self { port: listener.local_addr().unwrap().port(), stalled: Arc::default(), sockets: Arc::default() };
        let (stalled, sockets) = (Arc::clone(&relay.stalled), Arc::clone(&relay.sockets));
        let target = (server.address.clone(), server.port);
        std::thread::spawn(move || {
            for near in listener.incoming() {
                let near = near.unwrap();
                let far = TcpStream::connect((target.0.as_str(), target.1)).unwrap();
                for (mut from, mut to) in [
                    (near.try_clone().unwrap(), far.try_clone().unwrap()),
                    (far.try_clone().unwrap(), near.try_clone().unwrap()),
                ] {
                    let stalled = Arc::clone(&stalled);
                    std::thread::spawn(move || {
                        let mut buffer = [0; 16 * 1024];
                        while let Ok(count @ 1..) = from.read(&mut buffer) {
                            while stalled.load(Ordering::SeqCst) {
                                std::thread::sleep(Duration::from_millis(20));
                            }
                            if to.write_all(&buffer[..count]).is_err() {
                                break;
                            }
                        }
                        let _ = to.shutdown(Shutdown::Both);
                    });
                }
                sockets.lock().unwrap().extend([near, far]);
            }
        });
        relay
    }

    fn cut(&self) {
        for socket in self.sockets.lock().unwrap().drain(..) {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }

    fn spec(&self, server: &Sshd) -> ConnectionSpec {
        ConnectionSpec { port: Some(self.port), host_key_checking: HostKeyChecking::Off, ..server.spec() }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_there() {
    let spec = ConnectionSpec {
        name: "web1".to_owned(),
        address: "127.0.0.1".to_owned(),
        port: Some(1),
        user: Some("me".to_owned()),
        timeout: Duration::from_secs(1),
        ..ConnectionSpec::default()
    };
    let error = open(&spec).unwrap().connect().await.unwrap_err();
    let text = whole(&error);
    assert!(matches!(error, TransportError::Connect { .. }));
    assert!(text.starts_with("cannot connect to web1 (me@127.0.0.1:1): 127.0.0.1:1: Connection refused"), "{text}");

    // it takes the connection and says nothing
    let hole = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = Some(hole.local_addr().unwrap().port());
    for kind in [Kind::Ssh, Kind::OpenSsh] {
        let spec = ConnectionSpec { port, kind, ..spec.clone() };
        let start = Instant::now();
        let text = whole(&open(&spec).unwrap().connect().await.unwrap_err());
        assert!(text.contains("no answer within 1 s") || text.contains("timed out"), "{text}");
        assert!(start.elapsed() < Duration::from_secs(5));
    }

    // something else answers
    let web = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = Some(web.local_addr().unwrap().port());
    std::thread::spawn(move || {
        let (mut socket, _) = web.accept().unwrap();
        let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    let text = whole(&open(&ConnectionSpec { port, ..spec.clone() }).unwrap().connect().await.unwrap_err());
    assert!(text.starts_with("cannot connect to web1"), "{text}");

    let spec = ConnectionSpec { address: "no-such-host.invalid".to_owned(), ..spec };
    let text = whole(&open(&spec).unwrap().connect().await.unwrap_err());
    assert!(text.contains("the name no-such-host.invalid cannot be resolved"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_cut() {
    let server = Sshd::start(&[]);
    let relay = Relay::to(&server);
    let transport = open(&relay.spec(&server)).unwrap();
    let mut process = transport.start("echo started; cat").await.unwrap();
    let mut stdout = process.stdout.take().unwrap();
    let mut line = [0; 8];
    stdout.read_exact(&mut line).await.unwrap();
    relay.cut();
    let error = tokio::time::timeout(Duration::from_secs(10), process.exit).await.unwrap().unwrap_err();
    assert!(matches!(error, TransportError::Broken { .. }), "{error:?}");
    assert!(whole(&error).starts_with("the connection to web1"), "{}", whole(&error));
    // half an output is no output
    assert!(stdout.read(&mut line).await.is_err());
    assert!(process.stdin.take().unwrap().write_all(b"x").await.is_err());
    // the next command connects anew
    assert_eq!(run(&transport, "echo again", "").await.unwrap().stdout, "again\n");

    // cut while nothing ran
    relay.cut();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(run(&transport, "echo again", "").await.unwrap().stdout, "again\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_falls_silent() {
    let server = Sshd::start(&[]);
    let relay = Relay::to(&server);
    let mut spec = relay.spec(&server);
    spec.ssh_args = ["-o", "ServerAliveInterval=4", "-o", "ServerAliveCountMax=1"].map(str::to_owned).to_vec();
    let transport = open(&spec).unwrap();
    // a command that says nothing for long is no silent server
    assert_eq!(run(&transport, "sleep 10; echo slept", "").await.unwrap().stdout, "slept\n");
    let process = transport.start("cat").await.unwrap();
    relay.stalled.store(true, Ordering::SeqCst);
    let error = tokio::time::timeout(Duration::from_secs(30), process.exit).await.unwrap().unwrap_err();
    assert!(whole(&error).contains("the server has not answered for 8 s"), "{}", whole(&error));
    relay.stalled.store(false, Ordering::SeqCst);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_dropped_is_ended() {
    let server = Sshd::start(&[]);
    let transport = open(&server.spec()).unwrap();
    let mark = server.path("ended");
    let process = transport.start(&format!("cat; echo > {}", mark.display())).await.unwrap();
    drop(process);
    let until = Instant::now() + Duration::from_secs(10);
    while !mark.exists() {
        assert!(Instant::now() < until, "its input was not closed");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let process = transport.start("cat").await.unwrap();
    drop(transport);
    let error = tokio::time::timeout(Duration::from_secs(10), process.exit).await.unwrap().unwrap_err();
    assert!(matches!(error, TransportError::Broken { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_connections_at_once() {
    const MANY: usize = 40;
    let server = Sshd::start(&[]);
    let start = Instant::now();
    let runs: Vec<_> = (0..MANY)
        .map(|number| {
            let transport = open(&ConnectionSpec { timeout: Duration::from_mins(2), ..server.spec() }).unwrap();
            tokio::spawn(async move {
                let done = run(&transport, &format!("echo {number}"), "").await;
                (transport, done)
            })
        })
        .collect();
    let mut held = Vec::new();
    for (number, run) in runs.into_iter().enumerate() {
        let (transport, done) = run.await.unwrap();
        assert_eq!(done.unwrap_or_else(|error| panic!("{}", whole(&error))).stdout, format!("{number}\n"));
        held.push(transport);
    }
    println!("{MANY} connections at once: {:.1?}", start.elapsed());
}

/// Prints what it measures; it fails only where waiting, not work, would be the cause.
#[tokio::test(flavor = "multi_thread")]
async fn how_fast_it_is() {
    const ROUNDS: u32 = 400;
    let server = Sshd::start(&[]);
    let transport = open(&server.spec()).unwrap();
    let start = Instant::now();
    transport.connect().await.unwrap();
    println!("connect: {:.1?}", start.elapsed());
    let start = Instant::now();
    run(&transport, "true", "").await.unwrap();
    println!("a command: {:.1?}", start.elapsed());
    let mut process = transport.start("cat").await.unwrap();
    let (mut stdin, mut stdout) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        stdin.write_all(&[1; 64]).await.unwrap();
        stdout.read_exact(&mut [0; 64]).await.unwrap();
        times.push(start.elapsed());
    }
    times.sort();
    println!("echo over one channel: median {:.0?}, 99 % {:.0?}", times[200], times[396]);
    assert!(times[200] < Duration::from_millis(20), "{:?}", times[200]);
}
