//! The deciding side of the journal: hands entries to the writer in the order of acceptance, from
//! memory or from the file, and lets go of segments whose entries are all committed.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use clickback_core::ids::RequestId;

use crate::store::inbox::Incoming;

use super::Shared;
use super::entry::Entry;
use super::files::{self, Place, Reader};

/// An accepted request, to be decided.
pub(in crate::store) enum Taken {
    /// As it was received, judged already.
    Fresh(RequestId, Box<Incoming>),
    /// Read back from the file: to be judged again.
    Stored(Entry),
}

impl Taken {
    /// The number of the request.
    pub(in crate::store) fn request(&self) -> RequestId {
        match self {
            Taken::Fresh(request, _) => *request,
            Taken::Stored(entry) => entry.request,
        }
    }
}

/// Entries that wait to be decided.
pub(in crate::store) struct Tail {
    shared: Arc<Shared>,
    reader: Reader,
    /// The number of the next entry to take.
    next: u64,
    /// Entries below this number were found at the start: some may be decided already.
    found: u64,
    /// Behind the entries in hand.
    place: Place,
    /// Segments below this one are gone, or are to be kept.
    oldest: u64,
    in_hand: Vec<Taken>,
    bytes_in_hand: u64,
    /// Deciding the entries in hand failed before: some may be committed all the same.
    failed: bool,
}

impl Tail {
    pub(super) fn new(shared: Arc<Shared>, begin: Place, found: u64) -> Tail {
        let reader = Reader::at(&shared.directory, begin);
        Tail {
            shared,
            reader,
            next: 0,
            found,
            place: begin,
            oldest: begin.segment,
            in_hand: Vec::new(),
            bytes_in_hand: 0,
            failed: false,
        }
    }

    /// How many entries are to be decided.
    pub(in crate::store) fn waiting(&self) -> u64 {
        let accepted = self.shared.accepted.load(Ordering::Acquire);
        accepted - self.next + self.in_hand.len() as u64
    }

    /// Whether somebody waits for what is to be decided.
    pub(in crate::store) fn is_wanted(&self) -> bool {
        let decided = self.next - self.in_hand.len() as u64;
        decided < self.shared.wanted.load(Ordering::Acquire)
    }

    /// Entries to decide, at most so many; the same ones again until [`Tail::done`].
    pub(in crate::store) fn take(&mut self, most: usize) -> io::Result<&[Taken]> {
        if self.in_hand.is_empty() {
            while self.in_hand.len() < most && self.take_one()? {}
        }
        Ok(&self.in_hand)
    }

    /// Whether entries in hand may be committed already: they must be looked up before deciding.
    pub(in crate::store) fn doubtful(&self) -> bool {
        self.failed || self.next - (self.in_hand.len() as u64) < self.found
    }

    /// Deciding failed and will be tried again.
    pub(in crate::store) fn failed(&mut self) {
        self.failed = true;
    }

    /// The entries in hand are committed.
    pub(in crate::store) fn done(&mut self) {
        self.in_hand.clear();
        self.failed = false;
        self.shared
            .decided_bytes
            .fetch_add(self.bytes_in_hand, Ordering::AcqRel);
        self.bytes_in_hand = 0;
        self.shared.decided.send_replace(self.next);
        self.remove_below(self.place.segment);
    }

    /// Nothing more will come: when everything is decided, the journal is empty at the next start.
    pub(in crate::store) fn close(mut self) {
        if self.waiting() > 0 {
            return;
        }
        let newest = self.shared.newest.load(Ordering::Acquire);
        self.remove_below(newest + 1);
    }

    fn remove_below(&mut self, segment: u64) {
        while self.oldest < segment {
            if let Err(error) = files::remove(&self.shared.directory, self.oldest) {
                let segment = self.oldest;
                tracing::warn!(%error, segment, "cannot remove a finished journal segment");
            }
            self.oldest += 1;
        }
    }

    fn take_one(&mut self) -> io::Result<bool> {
        if self.next >= self.shared.accepted.load(Ordering::Acquire) {
            return Ok(false);
        }
        let mut recent = self.shared.recent();
        if recent
            .fresh
            .front()
            .is_some_and(|fresh| fresh.number == self.next)
            && let Some(fresh) = recent.fresh.pop_front()
        {
            drop(recent);
            self.bytes_in_hand += fresh.bytes;
            self.place = fresh.end;
            self.in_hand
                .push(Taken::Fresh(fresh.request, fresh.incoming));
            self.next += 1;
            return Ok(true);
        }
        drop(recent);
        self.reader.go_to(self.place);
        let newest = self.shared.newest.load(Ordering::Acquire);
        let Some(entry) = self.reader.next(newest)? else {
            self.skip_damage();
            return Ok(false);
        };
        let place = self.reader.place();
        let from = if place.segment == self.place.segment {
            self.place.offset
        } else {
            0
        };
        self.bytes_in_hand += place.offset - from;
        self.place = place;
        self.in_hand.push(Taken::Stored(entry));
        self.next += 1;
        Ok(true)
    }

    /// The disk gives back less than was written: says so and goes on with what is behind. Segments
    /// are not removed, so that what is in them can still be looked at.
    fn skip_damage(&mut self) {
        let recent = self.shared.recent();
        let accepted = self.shared.accepted.load(Ordering::Acquire);
        let next = recent.fresh.front().map_or(accepted, |fresh| fresh.number);
        tracing::error!(
            lost = next - self.next,
            directory = %self.shared.directory.display(),
            "the journal is damaged: accepted requests cannot be read back; its files are kept"
        );
        self.next = next;
        self.place = recent.end;
        self.oldest = recent.end.segment;
    }
}
