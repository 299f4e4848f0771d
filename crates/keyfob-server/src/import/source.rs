//! Where lines come from, and reading them on a thread of their own, so that one core reads while the
//! other writes.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read as _};
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task;

use super::line::{Format, LINE_MAX, Line};
use super::reason::Reason;
use super::summary::Kind;

/// Most lines of a chunk, which is what one transaction writes.
pub(super) const CHUNK_LINES: usize = 2_000;
/// Most bytes of a chunk, more or less: what is read ahead stays small whatever the lines are.
const CHUNK_BYTES: u64 = 4 << 20;
/// How many chunks are read ahead.
const AHEAD: usize = 2;
/// UTF-8's byte order mark, which some editors put in front.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// A text in lines that can be read more than once.
#[derive(Debug, Clone)]
pub enum Source {
    /// A regular file.
    File(PathBuf),
    /// A text in memory.
    Text(Arc<str>),
}

impl Source {
    fn open(&self) -> io::Result<Box<dyn BufRead + Send>> {
        Ok(match self {
            Self::File(path) => Box::new(BufReader::with_capacity(1 << 18, File::open(path)?)),
            Self::Text(text) => Box::new(Cursor::new(Arc::clone(text).as_bytes().to_vec())),
        })
    }

    /// How many bytes there are, as far as that is known.
    pub(super) fn bytes(&self) -> io::Result<u64> {
        match self {
            Self::File(path) => Ok(path.metadata()?.len()),
            Self::Text(text) => Ok(u64::try_from(text.len()).unwrap_or(u64::MAX)),
        }
    }
}

/// Some lines, read.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub(super) lines: Vec<Parsed>,
    /// How many bytes of the source they are, blank lines included.
    pub(super) bytes: u64,
}

/// A line that is not blank, with its number from 1.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) number: u64,
    pub(super) line: Result<Line, (Option<Kind>, Reason)>,
}

/// Begins to read. The channel ends with the source; dropping it ends the reading.
pub(super) fn read(source: Source, format: Format) -> mpsc::Receiver<io::Result<Chunk>> {
    let (sender, chunks) = mpsc::channel(AHEAD);
    task::spawn_blocking(move || {
        let mut lines = match Lines::of(&source, format) {
            Ok(lines) => lines,
            Err(cause) => return drop(sender.blocking_send(Err(cause))),
        };
        loop {
            let chunk = lines.chunk();
            let is_last = chunk.as_ref().map_or(true, |chunk| chunk.bytes == 0);
            if sender.blocking_send(chunk).is_err() || is_last {
                return;
            }
        }
    });
    chunks
}

pub(super) struct Lines {
    reader: Box<dyn BufRead + Send>,
    format: Format,
    number: u64,
}

impl Lines {
    pub(super) fn of(source: &Source, format: Format) -> io::Result<Self> {
        Ok(Self {
            reader: source.open()?,
            format,
            number: 0,
        })
    }

    /// The next lines; none and no bytes at the end.
    pub(super) fn chunk(&mut self) -> io::Result<Chunk> {
        let mut chunk = Chunk::default();
        let mut line = Vec::new();
        while chunk.lines.len() < CHUNK_LINES && chunk.bytes < CHUNK_BYTES {
            let bytes = next_line(&mut self.reader, &mut line)?;
            if bytes == 0 {
                break;
            }
            chunk.bytes += bytes;
            self.number += 1;
            let text = match self.number {
                1 => line.strip_prefix(MARK).unwrap_or(&line),
                _later => &line,
            };
            if text.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let read = if text.len() > LINE_MAX {
                Err((None, Reason::TooLong))
            } else {
                self.format.read(text)
            };
            chunk.lines.push(Parsed {
                number: self.number,
                line: read,
            });
        }
        Ok(chunk)
    }
}

/// Reads a line without its end and returns how many bytes it took; of one that is too long only so
/// much is kept that it can be told.
fn next_line(reader: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<u64> {
    line.clear();
    // The longest line, a mark before it, and its end.
    let most = u64::try_from(MARK.len() + LINE_MAX + 2).unwrap_or(u64::MAX);
    let kept = reader.take(most).read_until(b'\n', line)?;
    let mut bytes = u64::try_from(kept).unwrap_or(u64::MAX);
    if line.pop_if(|last| *last == b'\n').is_some() {
        line.pop_if(|last| *last == b'\r');
    } else if bytes == most {
        bytes += u64::try_from(reader.skip_until(b'\n')?).unwrap_or(u64::MAX);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Vec<(usize, u64)> {
        let mut reader = Cursor::new(text.to_vec());
        let mut line = Vec::new();
        let mut found = Vec::new();
        loop {
            let bytes = next_line(&mut reader, &mut line).expect("memory can be read");
            if bytes == 0 {
                return found;
            }
            found.push((line.len(), bytes));
        }
    }

    #[test]
    fn a_line_ends_with_a_line_feed_a_pair_or_the_file() {
        assert_eq!(lines(b"ab\nc\r\n\nd"), [(2, 3), (1, 3), (0, 1), (1, 1)]);
        assert_eq!(lines(b""), []);
    }

    #[test]
    fn of_a_line_that_is_too_long_the_rest_is_skipped() {
        let most = LINE_MAX + 5;
        for length in [LINE_MAX, LINE_MAX + 1, most, most + 1, 3 * LINE_MAX] {
            let text = [vec![b'x'; length], b"\ny\n".to_vec()].concat();
            let found = lines(&text);
            assert_eq!(found.len(), 2, "{length}");
            assert_eq!(found[0].0 > LINE_MAX, length > LINE_MAX, "{length}");
            assert_eq!(
                found[0].1,
                u64::try_from(length + 1).expect("small"),
                "{length}"
            );
            assert_eq!(found[1], (1, 2), "{length}");
        }
    }
}
