//! Messages as frames on a byte stream: four bytes of length, little end first, then the message.

use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Longer frames are a sign of a stream out of step. Results are held in memory on both sides; files travel in pieces.
const LONGEST: usize = 256 << 20;

/// Why a frame could not be read or written.
#[derive(Debug, Error)]
pub enum FrameError {
    /// The stream broke.
    #[error("the connection broke")]
    Stream(#[source] io::Error),
    /// The stream ended in the middle of a frame.
    #[error("the connection ended in the middle of a message")]
    Torn,
    /// The bytes are no message.
    #[error("what came is no message of this version")]
    Message(#[source] postcard::Error),
    /// A message is too long.
    #[error("a message of {0} bytes is too long")]
    Long(usize),
}

/// Reads one message; `None` at the end of the stream.
pub(super) async fn read<M: DeserializeOwned>(input: &mut (impl AsyncRead + Unpin)) -> Result<Option<M>, FrameError> {
    let mut length = [0_u8; 4];
    let mut have = 0;
    while have < length.len() {
        let rest = length.get_mut(have..).unwrap_or_default();
        match input.read(rest).await.map_err(FrameError::Stream)? {
            0 if have == 0 => return Ok(None),
            0 => return Err(FrameError::Torn),
            count => have += count,
        }
    }
    let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
    if length > LONGEST {
        return Err(FrameError::Long(length));
    }
    // memory is taken as bytes come, not as they are announced
    let mut bytes = Vec::with_capacity(length.min(1 << 16));
    let mut piece = input.take(length as u64);
    piece.read_to_end(&mut bytes).await.map_err(FrameError::Stream)?;
    if bytes.len() < length {
        return Err(FrameError::Torn);
    }
    postcard::from_bytes(&bytes).map(Some).map_err(FrameError::Message)
}

/// Writes one message, without a flush.
pub(super) async fn write(output: &mut (impl AsyncWrite + Unpin), message: &impl Serialize) -> Result<(), FrameError> {
    let bytes = postcard::to_stdvec(message).map_err(FrameError::Message)?;
    let length = u32::try_from(bytes.len()).ok().filter(|_| bytes.len() <= LONGEST);
    let Some(length) = length else { return Err(FrameError::Long(bytes.len())) };
    output.write_all(&length.to_le_bytes()).await.map_err(FrameError::Stream)?;
    output.write_all(&bytes).await.map_err(FrameError::Stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn frames_arrive_in_order_and_a_torn_one_is_noticed() {
        let mut stream = Vec::new();
        write(&mut stream, &("one".to_owned(), 1_u8)).await.unwrap();
        write(&mut stream, &("two".to_owned(), 2_u8)).await.unwrap();
        let torn = stream.get(..stream.len() - 1).unwrap().to_vec();
        let mut input = stream.as_slice();
        assert_eq!(read::<(String, u8)>(&mut input).await.unwrap(), Some(("one".to_owned(), 1)));
        assert_eq!(read::<(String, u8)>(&mut input).await.unwrap(), Some(("two".to_owned(), 2)));
        assert_eq!(read::<(String, u8)>(&mut input).await.unwrap(), None);
        let mut input = torn.as_slice();
        read::<(String, u8)>(&mut input).await.unwrap();
        assert!(matches!(read::<(String, u8)>(&mut input).await, Err(FrameError::Torn)));
        let mut noise = b"Welcome to this machine!".as_slice();
        assert!(matches!(read::<(String, u8)>(&mut noise).await, Err(FrameError::Long(_))));
        let mut wrong: &[u8] = &[3, 0, 0, 0, 0xff, 0xff, 0xff];
        assert!(matches!(read::<(String, u8)>(&mut wrong).await, Err(FrameError::Message(_))));
    }
}
