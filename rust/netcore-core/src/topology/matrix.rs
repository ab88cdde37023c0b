//! Square matrices over node slots.
//!
//! A matrix holds one quantity for every ordered pair of nodes, row-major, and costs nothing until
//! the first value is known. Scoring walks from a placed peer to all candidates: away from it along
//! a row, towards it along a column. A column walk through a row-major matrix is an order of
//! magnitude slower than a row walk, so what is walked both ways is a [`Plane`]: a matrix and its
//! transpose.

/// A cell type that has a value for *unknown*.
pub trait Cell: Copy + PartialOrd {
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

/// Cells by which rows are padded: 64 bytes of f32, a cache line.
const ALIGNMENT: usize = 16;

/// One quantity for every ordered pair of slots, row-major.
#[derive(Clone, Debug)]
pub struct Matrix<T> {
    size: usize,
    /// Distance between rows; at least `size`, so that a node joins without moving the others.
    stride: usize,
    cells: Vec<T>,
}

impl<T: Cell> Matrix<T> {
    /// A matrix over `size` slots in which every cell is unknown.
    pub fn new(size: usize) -> Self {
        Self {
            size,
            stride: 0,
            cells: Vec::new(),
        }
    }

    /// Number of slots on each side.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Whether no cell was ever known, so that no memory is held.
    #[inline]
    pub fn is_blank(&self) -> bool {
        self.cells.is_empty()
    }

    /// The cell of an ordered pair.
    ///
    /// # Panics
    ///
    /// Where a slot is out of range.
    #[inline]
    pub fn get(&self, row: usize, column: usize) -> T {
        assert!(row < self.size && column < self.size, "slot out of range");
        if self.is_blank() {
            T::UNKNOWN
        } else {
            self.cells[row * self.stride + column]
        }
    }

    /// Set the cell of an ordered pair.
    ///
    /// # Panics
    ///
    /// Where a slot is out of range.
    #[inline]
    pub fn set(&mut self, row: usize, column: usize, value: T) {
        assert!(row < self.size && column < self.size, "slot out of range");
        if self.is_blank() {
            if !value.is_known() {
                return;
            }
            self.lay_out(self.size);
        }
        self.cells[row * self.stride + column] = value;
    }

    /// The cells of one row; `None` while the matrix is blank.
    ///
    /// # Panics
    ///
    /// Where the slot is out of range.
    #[inline]
    pub fn row(&self, row: usize) -> Option<&[T]> {
        assert!(row < self.size, "slot out of range");
        if self.is_blank() {
            return None;
        }
        let start = row * self.stride;
        Some(&self.cells[start..start + self.size])
    }

    /// Take in slots up to `size`; the new cells are unknown.
    ///
    /// *Complexity*: O(1) within the stride. The stride grows by half at a time, so that a run of
    /// joins costs O(N) each.
    pub fn grow(&mut self, size: usize) {
        if size > self.stride && !self.is_blank() {
            self.lay_out(size.max(self.stride + self.stride / 2));
        }
        self.size = self.size.max(size);
    }

    fn lay_out(&mut self, width: usize) {
        let stride = width.next_multiple_of(ALIGNMENT);
        let mut cells = vec![T::UNKNOWN; stride * stride];
        if !self.is_blank() {
            for row in 0..self.size {
                let old = row * self.stride;
                let new = row * stride;
                cells[new..new + self.size].copy_from_slice(&self.cells[old..old + self.size]);
            }
        }
        self.cells = cells;
        self.stride = stride;
    }
}

/// One quantity for every ordered pair of slots, to be walked from an origin or to a destination.
#[derive(Clone, Debug)]
pub struct Plane<T> {
    forward: Matrix<T>,
    transpose: Matrix<T>,
}

impl<T: Cell> Plane<T> {
    /// A plane over `size` slots in which every cell is unknown.
    pub fn new(size: usize) -> Self {
        Self {
            forward: Matrix::new(size),
            transpose: Matrix::new(size),
        }
    }

    /// Whether no cell was ever known.
    #[inline]
    pub fn is_blank(&self) -> bool {
        self.forward.is_blank()
    }

    /// The cell from one slot to another.
    #[inline]
    pub fn get(&self, origin: usize, destination: usize) -> T {
        self.forward.get(origin, destination)
    }

    /// Set the cell from one slot to another.
    #[inline]
    pub fn set(&mut self, origin: usize, destination: usize, value: T) {
        self.forward.set(origin, destination, value);
        self.transpose.set(destination, origin, value);
    }

    /// Cells from one origin to every slot; `None` while the plane is blank.
    #[inline]
    pub fn from_origin(&self, origin: usize) -> Option<&[T]> {
        self.forward.row(origin)
    }

    /// Cells from every slot to one destination; `None` while the plane is blank.
    #[inline]
    pub fn to_destination(&self, destination: usize) -> Option<&[T]> {
        self.transpose.row(destination)
    }

    /// The largest cell that is known.
    pub fn max(&self) -> Option<T> {
        let rows = (0..self.forward.size()).filter_map(|origin| self.from_origin(origin));
        let known = rows.flatten().copied().filter(|cell| cell.is_known());
        known.reduce(|largest, cell| if cell > largest { cell } else { largest })
    }

    /// Take in slots up to `size`; the new cells are unknown.
    pub fn grow(&mut self, size: usize) {
        self.forward.grow(size);
        self.transpose.grow(size);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blank_matrix_holds_nothing_and_answers_unknown() {
        let mut matrix = Matrix::<f32>::new(1000);
        matrix.set(3, 4, f32::NAN);
        assert!(matrix.is_blank());
        assert!(matrix.get(3, 4).is_nan());
        assert!(matrix.row(3).is_none());
        assert!(Plane::<f32>::new(3).max().is_none());
    }

    #[test]
    fn growing_keeps_the_cells_and_the_transpose() {
        let mut plane = Plane::<f64>::new(3);
        plane.set(0, 2, 5.0);
        plane.set(2, 1, 7.0);
        for size in [4, 17, 40, 41, 200] {
            plane.grow(size);
            let new = size - 1;
            plane.set(new, 0, size as f64);
            let row = plane.from_origin(2).expect("not blank");
            let column = plane.to_destination(0).expect("not blank");
            assert_eq!((row.len(), column.len()), (size, size));
            assert_eq!((plane.get(0, 2) as usize, row[1] as usize), (5, 7));
            assert_eq!(column[new] as usize, size);
            assert!(plane.get(new, new).is_nan());
            assert_eq!(plane.max().map(|max| max as usize), Some(size.max(7)));
        }
    }
}
