//! One row of a matrix, held sparse or dense.
//!
//! A row of which few cells are known is a sorted list of those cells; one of which many are is a
//! slot-indexed array. Which of the two is a row's own affair and decided by its own cells, as the
//! containers of a Roaring bitmap are, so that a matrix never has to be laid out anew as a whole: a
//! cluster whose nodes measure sixteen peers each takes memory by its links, and a few nodes that
//! know everybody do not change that.
//!
//! *Source*: Chambi et al., Better bitmap performance with Roaring bitmaps, 2016, for the idea.

use super::matrix::Cell;

/// A row becomes dense when more than one in so many of its cells are known.
///
/// A cell of f32 takes 4 bytes in a dense row and 8 in a sparse one, so that memory alone would
/// say one half; walking a list costs several times as much a cell as walking an array.
const DENSE_FROM: usize = 8;

/// A dense row becomes sparse again when fewer than one in so many of its cells are known. Between
/// the two a row stays what it is, so that a change of form is paid for by the cells that changed.
const SPARSE_BELOW: usize = 16;

/// Where dense rows must grow they take a sixteenth more than they need: a join costs O(1) a row in
/// the mean, and the memory stays within 1.07 times the cells.
const HEADROOM: usize = 16;

/// How the rows of a topology are held. What a topology answers does not depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Storage {
    /// Each row by how many of its cells are known.
    #[default]
    Auto,
    /// Every row with a known cell as an array over all slots.
    Dense,
    /// Every row as a list of its known cells.
    Sparse,
}

impl Storage {
    /// The storage of a name: `auto`, `dense` or `sparse`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "auto" => Some(Self::Auto),
            "dense" => Some(Self::Dense),
            "sparse" => Some(Self::Sparse),
            _ => None,
        }
    }

    /// Whether a row is to be dense that has so many known cells of so many, and is so or not now.
    fn wants_dense(self, is_dense: bool, known: usize, slots: usize) -> bool {
        match self {
            Self::Auto if is_dense => known * SPARSE_BELOW >= slots && known > 0,
            Self::Auto => known * DENSE_FROM > slots,
            Self::Dense => known > 0,
            Self::Sparse => false,
        }
    }
}

/// What the rows of a matrix have in common.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Frame {
    /// Number of cells of each row.
    pub(super) slots: usize,
    /// Number of cells that a dense row has room for.
    ///
    /// All rows grow at once, one after another: grown each in its own time, they would leave gaps
    /// between them that nothing fits into, a sixth of their memory.
    room: usize,
    pub(super) storage: Storage,
}

impl Frame {
    /// Take in slots up to so many; whether dense rows need more room for them.
    pub(super) fn grow(&mut self, slots: usize) -> bool {
        self.slots = self.slots.max(slots);
        let is_too_small = self.slots > self.room;
        if is_too_small {
            self.room = self.slots + self.slots / HEADROOM;
        }
        is_too_small
    }
}

/// The cells of a row. Those that are not there are unknown.
#[derive(Clone, Debug)]
pub(super) enum Cells<T> {
    /// The known cells, by slot.
    Sparse(Vec<(u32, T)>),
    /// Cells by slot, perhaps not of the newest slots.
    Dense { cells: Vec<T>, known: usize },
}

impl<T> Default for Cells<T> {
    fn default() -> Self {
        Self::Sparse(Vec::new())
    }
}

impl<T: Cell> Cells<T> {
    /// The row to be read.
    #[inline]
    pub(super) fn row(&self) -> Row<'_, T> {
        match self {
            Self::Sparse(cells) => Row::Sparse(cells),
            Self::Dense { cells, .. } => Row::Dense(cells),
        }
    }

    /// Number of known cells.
    pub(super) fn known(&self) -> usize {
        match self {
            Self::Sparse(cells) => cells.len(),
            Self::Dense { known, .. } => *known,
        }
    }

    /// Bytes that the cells take.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Sparse(cells) => cells.capacity() * size_of::<(u32, T)>(),
            Self::Dense { cells, .. } => cells.capacity() * size_of::<T>(),
        }
    }

    /// Make the room that a dense row is to have.
    pub(super) fn make_room(&mut self, frame: &Frame) {
        if let Self::Dense { cells, .. } = self {
            cells.reserve_exact(frame.room.saturating_sub(cells.len()));
        }
    }

    /// Set a cell; whether it was known before.
    pub(super) fn set(&mut self, slot: usize, value: T, frame: &Frame) -> bool {
        let is_known = value.is_known();
        let was_known = match self {
            Self::Sparse(cells) => {
                let place = cells.binary_search_by_key(&(slot as u32), |&(slot, _)| slot);
                match place {
                    Ok(at) if is_known => cells[at].1 = value,
                    Ok(at) => drop(cells.remove(at)),
                    Err(at) if is_known => cells.insert(at, (slot as u32, value)),
                    Err(_) => {}
                }
                place.is_ok()
            }
            Self::Dense { cells, known } => {
                if slot >= cells.len() {
                    if !is_known {
                        return false;
                    }
                    cells.resize(frame.slots, T::UNKNOWN);
                }
                let cell = &mut cells[slot];
                let was_known = cell.is_known();
                *cell = if is_known { value } else { T::UNKNOWN };
                *known = *known + usize::from(is_known) - usize::from(was_known);
                was_known
            }
        };
        if was_known != is_known {
            self.fit(frame);
        }
        was_known
    }

    /// Take the form that fits the number of known cells.
    ///
    /// *Complexity*: O(slots) where the form changes.
    pub(super) fn fit(&mut self, frame: &Frame) {
        let is_dense = matches!(self, Self::Dense { .. });
        let known = self.known();
        if frame.storage.wants_dense(is_dense, known, frame.slots) == is_dense {
            return;
        }
        *self = if is_dense {
            let mut cells = Vec::with_capacity(known);
            cells.extend(self.row().known().map(|(slot, cell)| (slot as u32, cell)));
            Self::Sparse(cells)
        } else {
            let mut cells = Vec::with_capacity(frame.room);
            cells.resize(frame.slots, T::UNKNOWN);
            self.row().lay_over(&mut cells);
            Self::Dense { cells, known }
        };
    }
}

/// One row of a matrix, or one column of a [`Plane`](super::Plane), to be read.
#[derive(Clone, Copy, Debug)]
pub enum Row<'a, T> {
    /// The known cells, by slot.
    Sparse(&'a [(u32, T)]),
    /// Cells by slot; those beyond the end are unknown.
    Dense(&'a [T]),
}

impl<'a, T: Cell> Row<'a, T> {
    /// A row of which no cell is known.
    pub const BLANK: Self = Self::Sparse(&[]);

    /// The cell of a slot.
    ///
    /// *Complexity*: O(1) in a dense row, O(log known) in a sparse one.
    #[inline]
    pub fn get(self, slot: usize) -> T {
        match self {
            Self::Sparse(cells) => cells
                .binary_search_by_key(&(slot as u32), |&(slot, _)| slot)
                .map_or(T::UNKNOWN, |at| cells[at].1),
            Self::Dense(cells) => cells.get(slot).copied().unwrap_or(T::UNKNOWN),
        }
    }

    /// The known cells with their slots, in order of the slots.
    pub fn known(self) -> impl Iterator<Item = (usize, T)> + 'a {
        let (sparse, dense): (&'a [(u32, T)], &'a [T]) = match self {
            Self::Sparse(cells) => (cells, &[]),
            Self::Dense(cells) => (&[], cells),
        };
        let sparse = sparse.iter().map(|&(slot, cell)| (slot as usize, cell));
        let dense = dense.iter().copied().enumerate();
        sparse.chain(dense.filter(|(_, cell)| cell.is_known()))
    }

    /// Write the known cells over what stands in a buffer by slot, and leave the others as they
    /// are. Slots beyond the buffer are passed over.
    #[inline]
    pub fn lay_over(self, buffer: &mut [T]) {
        match self {
            Self::Sparse(cells) => {
                for &(slot, cell) in cells {
                    if let Some(place) = buffer.get_mut(slot as usize) {
                        *place = cell;
                    }
                }
            }
            Self::Dense(cells) => {
                for (place, &cell) in buffer.iter_mut().zip(cells) {
                    *place = if cell.is_known() { cell } else { *place };
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(slots: usize, storage: Storage) -> Frame {
        let mut frame = Frame {
            storage,
            ..Frame::default()
        };
        frame.grow(slots);
        frame
    }

    fn is_dense(cells: &Cells<f32>) -> bool {
        matches!(cells, Cells::Dense { .. })
    }

    #[test]
    fn the_form_follows_the_known_cells_with_a_gap_between() {
        let frame = frame(160, Storage::Auto);
        let mut cells = Cells::default();
        for slot in 0..=20 {
            assert!(!is_dense(&cells), "{slot}");
            cells.set(slot, 1.0, &frame);
        }
        assert!(is_dense(&cells), "21 of 160 are more than an eighth");
        for slot in 10..21 {
            assert!(is_dense(&cells), "{slot}");
            cells.set(slot, f32::NAN, &frame);
        }
        assert!(is_dense(&cells), "10 of 160 are a sixteenth");
        cells.set(0, f32::NAN, &frame);
        assert!(!is_dense(&cells) && cells.known() == 9);
        assert_eq!(cells.row().known().count(), 9);
    }

    #[test]
    fn a_dense_row_grows_with_little_to_spare() {
        let mut cells = Cells::default();
        let mut frame = frame(1, Storage::Dense);
        let mut moves = 0;
        for slot in 0..2000 {
            if frame.grow(slot + 1) {
                cells.make_room(&frame);
                moves += 1;
            }
            cells.set(slot, 1.0, &frame);
            assert!(cells.bytes() <= (slot + 1) * 4 * 17 / 16, "{slot}");
        }
        assert!(moves < 150, "{moves}");
        frame.grow(6000);
        cells.set(5000, f32::NAN, &frame);
        assert_eq!(cells.row().known().count(), 2000);
        assert!(cells.row().get(5999).is_nan());
    }

    #[test]
    fn forced_forms_hold_the_same() {
        let (mut dense, mut sparse) = (Cells::default(), Cells::default());
        for (slot, value) in [(3, 2.0), (9, f32::NAN), (0, 0.0), (3, 4.0)] {
            let before = dense.set(slot, value, &frame(10, Storage::Dense));
            assert_eq!(before, sparse.set(slot, value, &frame(10, Storage::Sparse)));
        }
        assert!(is_dense(&dense) && !is_dense(&sparse));
        let known = |cells: &Cells<f32>| cells.row().known().collect::<Vec<_>>();
        assert_eq!(known(&dense), [(0, 0.0), (3, 4.0)]);
        assert_eq!(known(&dense), known(&sparse));
        let mut buffers = [[7.0; 4], [7.0; 4]];
        dense.row().lay_over(&mut buffers[0]);
        sparse.row().lay_over(&mut buffers[1]);
        assert_eq!(buffers, [[0.0, 7.0, 7.0, 4.0]; 2]);
        dense.fit(&frame(10, Storage::Sparse));
        assert!(!is_dense(&dense) && known(&dense) == known(&sparse));
    }
}
