//! The journal's files: numbered segments that are only appended to, and reading them in order.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::entry::{Entry, FRAME, decode, framed_length};

/// Size at which the next segment begins.
pub(super) const SEGMENT_BYTES: u64 = 16 * 1_024 * 1_024;

/// A place between two entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Place {
    pub(super) segment: u64,
    pub(super) offset: u64,
}

fn segment_path(directory: &Path, segment: u64) -> PathBuf {
    directory.join(format!("{segment:016x}.journal"))
}

/// Numbers of the segments that are there, in order.
pub(super) fn segments(directory: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for file in std::fs::read_dir(directory)? {
        let name = file?.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(".journal"));
        numbers.extend(number.and_then(|number| u64::from_str_radix(number, 16).ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Takes a segment away; one that is gone already is fine.
pub(super) fn remove(directory: &Path, segment: u64) -> io::Result<()> {
    match std::fs::remove_file(segment_path(directory, segment)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The segment that is being written.
pub(super) struct Appender {
    directory: PathBuf,
    file: File,
    /// Where the next entry goes.
    end: Place,
    /// The last write or sync failed: what stands behind `end` is not known.
    broken: bool,
}

impl Appender {
    /// Begins a new segment.
    pub(super) fn begin(directory: &Path, segment: u64) -> io::Result<Appender> {
        // A file of this number was begun before and never used.
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .open(segment_path(directory, segment))?;
        // The name itself must survive, too.
        File::open(directory)?.sync_all()?;
        Ok(Appender {
            directory: directory.to_owned(),
            file,
            end: Place { segment, offset: 0 },
            broken: false,
        })
    }

    /// Where the next entry will begin: in the next segment, when this one is full or broken.
    pub(super) fn next_place(&mut self) -> io::Result<Place> {
        if self.broken || self.end.offset >= SEGMENT_BYTES {
            if self.broken {
                // What a failed write left behind must not be read as entries one day.
                let _ = self.file.set_len(self.end.offset);
            }
            *self = Appender::begin(&self.directory, self.end.segment + 1)?;
        }
        Ok(self.end)
    }

    /// Writes bytes at [`Appender::next_place`] and returns after they are on disk.
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = self
            .file
            .write_all(bytes)
            .and_then(|()| self.file.sync_data());
        match written {
            Ok(()) => {
                self.end.offset += bytes.len() as u64;
                Ok(())
            }
            Err(error) => {
                self.broken = true;
                let _ = self.file.set_len(self.end.offset);
                Err(error)
            }
        }
    }
}

/// Reads entries in order, from segment to segment.
pub(super) struct Reader {
    directory: PathBuf,
    file: Option<BufReader<File>>,
    place: Place,
}

impl Reader {
    /// Reads from a place on.
    pub(super) fn at(directory: &Path, place: Place) -> Reader {
        Reader {
            directory: directory.to_owned(),
            file: None,
            place,
        }
    }

    /// Where the next entry begins.
    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// Goes to a place.
    pub(super) fn go_to(&mut self, place: Place) {
        if place != self.place {
            self.file = None;
            self.place = place;
        }
    }

    /// The next whole entry of this segment; `None` at its end. What is torn or damaged ends it: an
    /// entry is written whole before anything behind it.
    pub(super) fn in_segment(&mut self) -> io::Result<Option<Entry>> {
        if self.file.is_none() && !self.open()? {
            return Ok(None);
        }
        let Some(file) = &mut self.file else {
            return Ok(None);
        };
        let mut frame = [0; FRAME];
        if read_whole(file, &mut frame)?
            && let Some(length) = framed_length(frame)
        {
            let mut bytes = vec![0; length];
            if read_whole(file, &mut bytes)?
                && let Some(entry) = decode(frame, &bytes)
            {
                self.place.offset += (FRAME + length) as u64;
                return Ok(Some(entry));
            }
        }
        // The file may grow: the next look begins at the same place.
        self.file = None;
        Ok(None)
    }

    /// Opens the segment at the place; false where there is none.
    fn open(&mut self) -> io::Result<bool> {
        let mut file = match File::open(segment_path(&self.directory, self.place.segment)) {
            Ok(file) => BufReader::with_capacity(256 * 1_024, file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        file.seek(SeekFrom::Start(self.place.offset))?;
        self.file = Some(file);
        Ok(true)
    }

    /// The next entry, in this segment or one behind it that is not newer than `last`.
    pub(super) fn next(&mut self, last: u64) -> io::Result<Option<Entry>> {
        loop {
            if let Some(entry) = self.in_segment()? {
                return Ok(Some(entry));
            }
            if self.place.segment >= last {
                return Ok(None);
            }
            self.go_to(Place {
                segment: self.place.segment + 1,
                offset: 0,
            });
        }
    }
}

/// Fills the buffer; false at the end of the file.
fn read_whole(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
