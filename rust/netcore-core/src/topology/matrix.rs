//! Square matrices over node slots.
//!
//! A matrix holds one quantity for every ordered pair of nodes, row by row. Scoring walks from a
//! placed peer to all candidates: away from it along a row, towards it along a column. A column
//! walk through rows is an order of magnitude slower than a row walk, so what is walked both ways
//! is a [`Plane`]: a matrix and its transpose.

use super::Direction;
use super::row::{Cells, Frame, Row, Storage};

/// A cell type that has a value for *unknown*.
pub trait Cell: Copy + PartialOrd + 'static {
    /// The value of a cell about which nothing is known.
    const UNKNOWN: Self;
    /// Whether the cell holds a value.
    fn is_known(self) -> bool;
}

impl Cell for f32 {
    const UNKNOWN: Self = Self::NAN;
    #[inline]
    fn is_known(self) -> bool {
        !self.is_nan()
    }
}

impl Cell for f64 {
    const UNKNOWN: Self = Self::NAN;
    #[inline]
    fn is_known(self) -> bool {
        !self.is_nan()
    }
}

impl Cell for u8 {
    const UNKNOWN: Self = 0;
    #[inline]
    fn is_known(self) -> bool {
        self != 0
    }
}

/// One quantity for every ordered pair of slots; of a new one every cell is unknown.
///
/// Each [`Row`] takes memory from its first known cell on, by how many are known.
#[derive(Clone, Debug, Default)]
pub struct Matrix<T> {
    frame: Frame,
    /// Those of the first slots; a row that is not there is blank.
    rows: Vec<Cells<T>>,
    known: usize,
}

impl<T: Cell> Matrix<T> {
    /// Number of slots on each side.
    pub fn size(&self) -> usize {
        self.frame.slots
    }

    /// Number of known cells.
    pub fn known(&self) -> usize {
        self.known
    }

    /// Whether no cell is known.
    #[inline]
    pub fn is_blank(&self) -> bool {
        self.known == 0
    }

    /// The cell of an ordered pair; unknown where there is no such slot.
    #[inline]
    pub fn get(&self, row: usize, column: usize) -> T {
        self.row(row).get(column)
    }

    /// Set the cell of an ordered pair.
    ///
    /// # Panics
    ///
    /// Where a slot is out of range.
    #[inline]
    pub fn set(&mut self, row: usize, column: usize, value: T) {
        let size = self.size();
        assert!(row < size && column < size, "slot out of range");
        if row >= self.rows.len() {
            if !value.is_known() {
                return;
            }
            self.rows.resize_with(size, Cells::default);
        }
        let was_known = self.rows[row].set(column, value, &self.frame);
        self.known = self.known + usize::from(value.is_known()) - usize::from(was_known);
    }

    /// The cells of one row; blank where there is no such slot.
    #[inline]
    pub fn row(&self, row: usize) -> Row<'_, T> {
        self.rows.get(row).map_or(Row::BLANK, Cells::row)
    }

    /// The largest cell that is known.
    pub fn max(&self) -> Option<T> {
        let rows = self.rows.iter().map(Cells::row);
        let known = rows.flat_map(Row::known).map(|(_, cell)| cell);
        known.reduce(|largest, cell| if cell > largest { cell } else { largest })
    }

    /// Take in slots up to `size`; the new cells are unknown.
    ///
    /// *Complexity*: O(dense rows) in the mean.
    pub fn grow(&mut self, size: usize) {
        if self.frame.grow(size) {
            for row in &mut self.rows {
                row.make_room(&self.frame);
            }
        }
    }

    /// Hold the rows in another form.
    pub fn store(&mut self, storage: Storage) {
        self.frame.storage = storage;
        for row in &mut self.rows {
            row.fit(&self.frame);
        }
    }

    /// Bytes that the matrix takes.
    pub fn bytes(&self) -> usize {
        let rows = self.rows.capacity() * size_of::<Cells<T>>();
        rows + self.rows.iter().map(Cells::bytes).sum::<usize>()
    }
}

/// One quantity for every ordered pair of slots, to be walked from an origin or to a destination.
#[derive(Clone, Debug, Default)]
pub struct Plane<T> {
    forward: Matrix<T>,
    transpose: Matrix<T>,
}

impl<T: Cell> Plane<T> {
    /// Number of known cells.
    pub fn known(&self) -> usize {
        self.forward.known()
    }

    /// Whether no cell is known.
    #[inline]
    pub fn is_blank(&self) -> bool {
        self.forward.is_blank()
    }

    /// The cell from one slot to another; unknown where there is no such slot.
    #[inline]
    pub fn get(&self, origin: usize, destination: usize) -> T {
        self.forward.get(origin, destination)
    }

    /// Set the cell from one slot to another.
    ///
    /// # Panics
    ///
    /// Where a slot is out of range.
    #[inline]
    pub fn set(&mut self, origin: usize, destination: usize, value: T) {
        self.forward.set(origin, destination, value);
        self.transpose.set(destination, origin, value);
    }

    /// Cells from one origin to every slot.
    #[inline]
    pub fn from_origin(&self, origin: usize) -> Row<'_, T> {
        self.forward.row(origin)
    }

    /// Cells from every slot to one destination.
    #[inline]
    pub fn to_destination(&self, destination: usize) -> Row<'_, T> {
        self.transpose.row(destination)
    }

    /// Cells between every candidate and a peer, in a direction.
    #[inline]
    pub fn row(&self, peer: usize, direction: Direction) -> Row<'_, T> {
        match direction {
            Direction::To => self.to_destination(peer),
            Direction::From => self.from_origin(peer),
        }
    }

    /// The largest cell that is known.
    pub fn max(&self) -> Option<T> {
        self.forward.max()
    }

    /// Take in slots up to `size`; the new cells are unknown.
    pub fn grow(&mut self, size: usize) {
        self.forward.grow(size);
        self.transpose.grow(size);
    }

    /// Hold the rows in another form.
    pub fn store(&mut self, storage: Storage) {
        self.forward.store(storage);
        self.transpose.store(storage);
    }

    /// Bytes that the plane takes.
    pub fn bytes(&self) -> usize {
        self.forward.bytes() + self.transpose.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blank_matrix_holds_nothing_and_answers_unknown() {
        let mut matrix = Matrix::<f32>::default();
        matrix.grow(1000);
        matrix.store(Storage::Dense);
        matrix.set(3, 4, f32::NAN);
        assert!(matrix.is_blank() && matrix.bytes() == 0);
        assert!(matrix.get(3, 4).is_nan() && matrix.get(1000, 0).is_nan());
        assert!(matrix.row(3).known().next().is_none());
        assert!(Plane::<f32>::default().max().is_none());
        matrix.set(3, 4, 0.0);
        assert!(!matrix.is_blank());
        matrix.set(3, 4, f32::NAN);
        assert!(matrix.is_blank());
    }

    #[test]
    fn growing_keeps_the_cells_and_the_transpose() {
        for storage in [Storage::Auto, Storage::Dense, Storage::Sparse] {
            let mut plane = Plane::<f64>::default();
            plane.grow(3);
            plane.store(storage);
            plane.set(0, 2, 5.0);
            plane.set(2, 1, 7.0);
            for size in [4, 17, 40, 41, 200] {
                plane.grow(size);
                let new = size - 1;
                plane.set(new, 0, size as f64);
                let row = plane.row(2, Direction::From);
                let column = plane.row(0, Direction::To);
                assert_eq!((plane.get(0, 2) as usize, row.get(1) as usize), (5, 7));
                assert_eq!(column.get(new) as usize, size);
                assert!(plane.get(new, new).is_nan());
                assert_eq!(plane.max().map(|max| max as usize), Some(size.max(7)));
            }
            assert_eq!(plane.known(), 7);
        }
    }
}
