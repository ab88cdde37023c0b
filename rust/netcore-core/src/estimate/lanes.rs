//! Arithmetic on eight numbers at a time, written so that the compiler uses vector instructions.

/// Numbers that are worked on together.
pub(super) const LANES: usize = 8;

/// That many numbers.
pub(super) type Lanes = [f32; LANES];

/// Natural logarithm of a positive, normal number; the error is under 2 in the last place.
///
/// The standard library's is a call for each number and another one on each platform; this one
/// vectorises, and is the same everywhere.
///
/// *Source*: the polynomial of `logf` in the Cephes library (Moshier, 1992).
#[inline(always)]
pub(super) fn ln(number: f32) -> f32 {
    // The exponent that leaves the mantissa between 1/√2 and √2.
    const HALF_ROOT: i32 = 0x3f35_04f3;
    const MANTISSA: i32 = 0x007f_ffff;
    let bits = number.to_bits().cast_signed();
    let exponent = (bits - HALF_ROOT) & !MANTISSA;
    let x = f32::from_bits((bits - exponent).cast_unsigned()) - 1.0;
    let square = x * x;
    let mut sum = 7.037_683_6e-2;
    for coefficient in [
        -1.151_461e-1,
        1.167_699_9e-1,
        -1.242_014_1e-1,
        1.424_932_3e-1,
        -1.666_805_8e-1,
        2.000_071_5e-1,
        -2.499_999_4e-1,
        3.333_333e-1,
    ] {
        sum = sum * x + coefficient;
    }
    let exponent = (exponent >> 23) as f32;
    sum * x * square - 0.5 * square + x + exponent * std::f32::consts::LN_2
}

/// The sum of the numbers, in a fixed order.
pub(super) fn sum(lanes: &Lanes) -> f32 {
    let pairs = [0, 1, 2, 3].map(|lane| lanes[lane] + lanes[lane + 4]);
    (pairs[0] + pairs[2]) + (pairs[1] + pairs[3])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_those_of_the_standard_library() {
        for step in -4000..4000 {
            let number = (step as f32 * 0.02).exp();
            let error = (ln(number) - number.ln()).abs();
            assert!(
                error <= 4e-7 * number.ln().abs().max(1.0),
                "{number}: {error}"
            );
        }
    }
}
