//! The inner loops of scoring, compiled for the machine that runs them.
//!
//! The baseline of the wheels is x86-64 of 2003, whose vectors are half as wide as those of any
//! server today. Each loop is compiled twice, and which one runs is decided when it is called. Both
//! do the same operations on each element in the same order, without fused ones, so that a plan is
//! the same on every machine.
#![allow(
    unsafe_code,
    reason = "a function compiled for AVX2 is called where AVX2 was found; asking ahead for memory"
)]

/// Define a loop, and the function that calls the best version of it.
macro_rules! compiled_twice {
    (
        $(#[$doc:meta])*
        fn $name:ident($($argument:ident: $kind:ty),* $(,)?) $(-> $result:ty)? $body:block
    ) => {
        $(#[$doc])*
        pub(crate) fn $name($($argument: $kind),*) $(-> $result)? {
            #[inline(always)]
            fn body($($argument: $kind),*) $(-> $result)? $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2")]
                fn with_avx2($($argument: $kind),*) $(-> $result)? {
                    body($($argument),*)
                }
                if is_x86_feature_detected!("avx2") {
                    // SAFETY: the machine has AVX2, which is all that the function asks for.
                    return unsafe { with_avx2($($argument),*) };
                }
            }
            body($($argument),*)
        }
    };
}

mod points;
mod rows;
mod utilities;

pub(crate) use points::*;
pub(crate) use rows::*;
pub use utilities::Capped;
pub(crate) use utilities::*;
