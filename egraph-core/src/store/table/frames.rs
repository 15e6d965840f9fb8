//! Frames of a table: back to where one was opened.

use super::super::hash::hash_words;
use super::Table;

/// What a table held when a frame was opened.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) rows: u32,
    live: u32,
    log: usize,
    marks: usize,
    undo: usize,
    hidden: u32,
}

impl Table {
    /// Opens a frame.
    pub(crate) fn push_frame(&mut self) {
        self.frames.push(Frame {
            rows: self.len(),
            live: self.live,
            log: self.log.len(),
            marks: self.marks.len(),
            undo: self.undo.len(),
            hidden: self.hidden,
        });
    }

    /// Back to where the last frame was opened. Cost: proportional to what changed since, and the
    /// indexes of a table that changed are built anew when they are next wanted.
    pub(crate) fn pop_frame(&mut self) {
        let Some(frame) = self.frames.pop() else { return };
        let changed = frame.rows < self.len() || frame.undo < self.undo.len();
        let words = self.width + 1;
        let touched: Vec<u32> = self.undo[frame.undo..].chunks_exact(words).map(|c| c[0]).collect();
        let mut alive: Vec<u32> = touched.into_iter().chain(frame.rows..self.len()).collect();
        alive.sort_unstable();
        alive.dedup();
        for row in &alive {
            if !self.is_dead(*row) {
                self.memo_remove(hash_words(self.keys(*row)), *row);
            }
        }
        for change in self.undo[frame.undo..].rchunks_exact(words) {
            let at = change[0] as usize * self.width;
            self.rows[at..at + self.width].copy_from_slice(&change[1..]);
        }
        self.undo.truncate(frame.undo);
        self.rows.truncate(frame.rows as usize * self.width);
        self.len = frame.rows;
        self.live = frame.live;
        alive.retain(|row| *row < frame.rows && !self.is_dead(*row));
        if self.has_room_for_more(alive.len()) {
            for row in alive {
                let hash = hash_words(self.keys(row));
                self.memo_insert(hash, row);
            }
        } else {
            self.rehash(self.live as usize + alive.len(), None);
        }
        self.hidden = frame.hidden;
        self.log.truncate(frame.log);
        self.marks.truncate(frame.marks);
        if changed {
            self.indexes.fill(None);
        }
    }
}
