//! The accept loop. It drives hyper itself, because a fault must be able to close a connection without an answer.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower_service::Service as _;

use super::app::App;
use super::config::Config;
use super::middleware::Torn;
use super::router::router;
use super::tls;
use crate::sandbox::error::SandboxError;

/// How long running requests may go on after the sandbox was told to stop.
const GRACE: Duration = Duration::from_secs(5);
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// Rest after a failed accept, so that a lack of file descriptors does not become a busy loop.
const ACCEPT_REST: Duration = Duration::from_millis(50);

/// Who sent a request.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// Why a connection was closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("torn on request")]
struct TornOnRequest;

/// Serves until `shutdown` is ready, then lets running requests end. The state is opened first, so that a sandbox that
/// cannot work fails at once; `ready` is called when it can.
pub async fn serve(
    config: Config,
    listener: TcpListener,
    ready: impl FnOnce(&App),
    shutdown: impl Future<Output = ()>,
) -> Result<(), SandboxError> {
    config.settings.check()?;
    let address = listener.local_addr().map_err(SandboxError::Socket)?;
    let acceptor = config.tls.as_ref().map(tls::acceptor).transpose()?;
    let app = App::open(&config, address.to_string())?;
    let router = router(&app);
    ready(&app);

    let (stop, stopped) = watch::channel(false);
    let mut connections = tokio::task::JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        let (stream, peer) = tokio::select! {
            () = &mut shutdown => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            accepted = listener.accept() => {
                if let Ok(accepted) = accepted {
                    accepted
                } else {
                    tokio::time::sleep(ACCEPT_REST).await;
                    continue;
                }
            }
        };
        // small answers must not wait for the delayed acknowledgement of the request
        let _ = stream.set_nodelay(true);
        let (router, stopped, acceptor) = (router.clone(), stopped.clone(), acceptor.clone());
        connections.spawn(async move {
            match acceptor {
                None => connection(stream, Peer(peer), router, stopped).await,
                // a client that refuses the certificate is its own business
                Some(acceptor) => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        connection(stream, Peer(peer), router, stopped).await;
                    }
                }
            }
        });
    }
    drop(listener);
    // nobody listens any more if all connections are gone
    let _ = stop.send(true);
    let _ = tokio::time::timeout(GRACE, async { while connections.join_next().await.is_some() {} }).await;
    connections.shutdown().await;
    Ok(())
}

async fn connection<S>(stream: S, peer: Peer, router: Router, mut stopped: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let mut router = router.clone();
        async move {
            let mut request: Request = request.map(Body::new);
            request.extensions_mut().insert(peer);
            let response: Response = match router.call(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            if response.extensions().get::<Torn>().is_some() { Err(TornOnRequest) } else { Ok(response) }
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    // a connection that ends in an error was torn by the client or by a fault; there is nobody to tell
    let stop = async { stopped.wait_for(|stopped| *stopped).await.is_ok() };
    let stopped = tokio::select! {
        _ = connection.as_mut() => false,
        stopped = stop => stopped,
    };
    if stopped {
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
}
