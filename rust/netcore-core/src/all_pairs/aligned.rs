//! Square matrices whose rows begin on cache lines.

use std::marker::PhantomData;

use bytemuck::Pod;
use memmap2::MmapMut;

use crate::error::Result;

use super::invalid;

/// Bytes of a cache line.
const LINE: usize = 64;

/// A square matrix, row-major. Each row begins at a multiple of 64 bytes, so that a vector never
/// straddles two cache lines; what that adds to a row is less than two lines.
///
/// It lies in pages of its own, large ones where the system has them: rows that are read here and
/// there would else wait for the addresses of their pages as long as for their cells.
#[derive(Debug)]
pub(super) struct Square<T> {
    size: usize,
    /// Cells from the start of a row to the start of the next.
    stride: usize,
    pages: MmapMut,
    cells: PhantomData<T>,
}

impl<T: Pod> Square<T> {
    /// A matrix of zeros.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) where there is no memory for it.
    pub(super) fn new(size: usize) -> Result<Self> {
        let line = LINE / size_of::<T>();
        // An odd number of lines: where rows are walked side by side, a power of two would have
        // them push one another out of the cache.
        let stride = (size.div_ceil(line) | 1).checked_mul(line);
        let bytes = stride
            .and_then(|stride| stride.checked_mul(size.max(1)))
            .and_then(|cells| cells.checked_mul(size_of::<T>()));
        let pages = bytes.and_then(|bytes| MmapMut::map_anon(bytes).ok());
        let (Some(stride), Some(pages)) = (stride, pages) else {
            return Err(invalid(
                "costs",
                format!("there is no memory for a matrix over {size} nodes: use zones"),
            ));
        };
        #[cfg(target_os = "linux")]
        {
            // A wish: where it is not granted, all else holds.
            let _ = pages.advise(memmap2::Advice::HugePage);
        }
        Ok(Self {
            size,
            stride,
            pages,
            cells: PhantomData,
        })
    }

    /// Number of rows, and of columns.
    #[inline]
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Bytes that the matrix holds.
    pub(super) fn nbytes(&self) -> usize {
        self.pages.len()
    }

    #[inline]
    pub(super) fn row(&self, row: usize) -> &[T] {
        assert!(row < self.size, "row out of range");
        let start = row * self.stride;
        &bytemuck::cast_slice(&self.pages)[start..start + self.size]
    }

    #[inline]
    pub(super) fn row_mut(&mut self, row: usize) -> &mut [T] {
        assert!(row < self.size, "row out of range");
        let start = row * self.stride;
        &mut bytemuck::cast_slice_mut(&mut self.pages)[start..start + self.size]
    }

    /// The matrix with rows and columns exchanged.
    pub(super) fn transposed(&self) -> Result<Self> {
        let mut transposed = Self::new(self.size)?;
        for (rows, columns) in tiles(self.size) {
            for column in columns {
                let target = &mut transposed.row_mut(column)[rows.clone()];
                for (row, cell) in rows.clone().zip(target) {
                    *cell = self.row(row)[column];
                }
            }
        }
        Ok(transposed)
    }

    /// Whether the matrix equals its transpose.
    pub(super) fn is_symmetric(&self) -> bool
    where
        T: PartialEq,
    {
        tiles(self.size)
            .filter(|(rows, columns)| rows.start <= columns.start)
            .all(|(rows, mut columns)| {
                columns.all(|column| {
                    let mirrored = &self.row(column)[rows.clone()];
                    let mut rows = rows.clone().zip(mirrored);
                    rows.all(|(row, cell)| self.row(row)[column] == *cell)
                })
            })
    }
}

type Span = std::ops::Range<usize>;

/// Rows and columns of square tiles that cover a matrix: two of them fit the first cache.
fn tiles(size: usize) -> impl Iterator<Item = (Span, Span)> {
    const SIDE: usize = 32;
    let spans = move || {
        let starts = (0..size).step_by(SIDE);
        starts.map(move |start| start..size.min(start + SIDE))
    };
    spans().flat_map(move |rows| spans().map(move |columns| (rows.clone(), columns)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_begin_on_lines_and_cost_little() {
        for size in [0, 1, 15, 16, 17, 31, 33, 200] {
            let wide = Square::<f32>::new(size).expect("small");
            let narrow = Square::<u16>::new(size).expect("small");
            for row in 0..size {
                assert_eq!(wide.row(row).as_ptr().align_offset(LINE), 0);
                assert_eq!(narrow.row(row).as_ptr().align_offset(LINE), 0);
            }
            assert!(wide.nbytes() <= 4 * size * size + (size + 1) * 2 * LINE);
            assert!(narrow.nbytes() <= 2 * size * size + (size + 1) * 2 * LINE);
        }
        assert!(Square::<f32>::new(usize::MAX / 8).is_err());
        assert!(Square::<f32>::new(1 << 30).is_err());
    }

    #[test]
    fn transposes_and_sees_symmetry() {
        for size in [0, 1, 31, 32, 33, 70] {
            let mut square = Square::<u16>::new(size).expect("small");
            for row in 0..size {
                for (column, cell) in square.row_mut(row).iter_mut().enumerate() {
                    *cell = (row * 1000 + column) as u16;
                }
            }
            let transposed = square.transposed().expect("small");
            for row in 0..size {
                for column in 0..size {
                    assert_eq!(square.row(row)[column], transposed.row(column)[row]);
                }
            }
            assert_eq!(square.is_symmetric(), size < 2);
            for row in 0..size {
                for column in 0..size {
                    square.row_mut(row)[column] = (row.min(column) * 1000 + row.max(column)) as u16;
                }
            }
            assert!(square.is_symmetric());
            if size > 1 {
                square.row_mut(size - 1)[0] += 1;
                assert!(!square.is_symmetric());
            }
        }
    }
}
