//! Quantities of resources, exactly.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Visitor};

/// An amount of a resource in billionths of its unit, which is as fine as Kubernetes goes.
///
/// Sums are exact; rounding happens once, when a whole number is read, and always up.
///
/// ```
/// use netcore_core::kube::Quantity;
///
/// let cpu: Quantity = "250m".parse().unwrap();
/// assert_eq!((cpu.milli(), cpu.whole()), (250, 1));
/// let memory: Quantity = "1.5Gi".parse().unwrap();
/// assert_eq!(memory.whole(), 1_610_612_736);
/// ```
///
/// *Source*: Kubernetes API conventions, `resource.Quantity`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity {
    nanos: i128,
}

const NANOS: i128 = 1_000_000_000;

/// No node has more than this of anything: 9 · 10^15 bytes or thousandths of a core.
pub const LARGEST_AMOUNT: i64 = 1 << 53;

/// Longer texts are no quantities: they could only waste time.
const LONGEST_TEXT: usize = 64;

/// Powers of ten beyond this one are all the same: nothing, or more than can be.
const LARGEST_EXPONENT: i32 = 1000;

/// Why a text is no quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// Signs, digits and suffix do not stand in their order.
    #[error(
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    )]
    Format,
    /// The suffix is none of n, u, m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei or an exponent.
    #[error("unable to parse quantity's suffix")]
    Suffix,
}

impl Quantity {
    /// A number of thousandths.
    pub fn from_milli(milli: i64) -> Self {
        Self {
            nanos: i128::from(milli) * (NANOS / 1000),
        }
    }

    /// A number of whole units.
    pub fn from_whole(whole: i64) -> Self {
        Self {
            nanos: i128::from(whole) * NANOS,
        }
    }

    /// The amount in whole units, rounded up and cut at [`LARGEST_AMOUNT`].
    pub fn whole(self) -> i64 {
        self.in_units_of(NANOS)
    }

    /// The amount in thousandths, rounded up and cut at [`LARGEST_AMOUNT`].
    pub fn milli(self) -> i64 {
        self.in_units_of(NANOS / 1000)
    }

    fn in_units_of(self, unit: i128) -> i64 {
        let rounded = self.nanos.div_euclid(unit) + i128::from(self.nanos.rem_euclid(unit) != 0);
        let largest = i128::from(LARGEST_AMOUNT);
        rounded.clamp(-largest, largest) as i64
    }
}

impl std::ops::Add for Quantity {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            nanos: self.nanos.saturating_add(other.nanos),
        }
    }
}

/// What a suffix multiplies by: `2^binary · 10^decimal`.
struct Factor {
    binary: u32,
    decimal: i32,
}

impl Factor {
    /// Whether a text has the form of a suffix, be there such a one or not.
    fn is_formed(suffix: &str) -> bool {
        let exponent = suffix.trim_start_matches(|c| "eEinumkKMGTP".contains(c));
        let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        digits.bytes().all(|byte| byte.is_ascii_digit())
    }

    fn decode(suffix: &str) -> Result<Self, QuantityError> {
        let decimal = |decimal| Ok(Self { binary: 0, decimal });
        let binary = |binary| Ok(Self { binary, decimal: 0 });
        match suffix {
            "" => decimal(0),
            "n" => decimal(-9),
            "u" => decimal(-6),
            "m" => decimal(-3),
            "k" => decimal(3),
            "M" => decimal(6),
            "G" => decimal(9),
            "T" => decimal(12),
            "P" => decimal(15),
            "E" => decimal(18),
            "Ki" => binary(10),
            "Mi" => binary(20),
            "Gi" => binary(30),
            "Ti" => binary(40),
            "Pi" => binary(50),
            "Ei" => binary(60),
            _ => match suffix.strip_prefix(['e', 'E']) {
                Some(exponent) => {
                    let exponent: i32 = exponent.parse().map_err(|_| QuantityError::Suffix)?;
                    decimal(exponent.clamp(-LARGEST_EXPONENT, LARGEST_EXPONENT))
                }
                None => Err(QuantityError::Suffix),
            },
        }
    }
}

impl std::str::FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        if text.len() > LONGEST_TEXT {
            return Err(QuantityError::Format);
        }
        let (is_negative, unsigned) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let number_len = unsigned
            .bytes()
            .take_while(|byte| byte.is_ascii_digit() || *byte == b'.')
            .count();
        let (number, suffix) = unsigned.split_at(number_len);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.len() + fraction.len() == 0 || fraction.contains('.') || !Factor::is_formed(suffix)
        {
            return Err(QuantityError::Format);
        }
        let factor = Factor::decode(suffix)?;
        let mantissa = whole
            .bytes()
            .chain(fraction.bytes())
            .try_fold(0_i128, |sum, digit| {
                sum.checked_mul(10)?.checked_add(i128::from(digit - b'0'))
            });
        let nanos = mantissa
            .and_then(|mantissa| mantissa.checked_mul(1 << factor.binary))
            .map_or(i128::MAX, |mantissa| {
                let exponent = 9 + factor.decimal - i32::from(fraction.len() as u8);
                scale(mantissa, exponent)
            });
        Ok(Self {
            nanos: if is_negative { -nanos } else { nanos },
        })
    }
}

/// `mantissa · 10^exponent`, rounded up to a whole number and cut at the largest.
fn scale(mantissa: i128, exponent: i32) -> i128 {
    let power = 10_i128.checked_pow(exponent.unsigned_abs());
    match (power, exponent >= 0) {
        _ if mantissa == 0 => 0,
        (Some(power), true) => mantissa.checked_mul(power).unwrap_or(i128::MAX),
        (None, true) => i128::MAX,
        (Some(power), false) => mantissa / power + i128::from(mantissa % power != 0),
        (None, false) => 1,
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Text)
    }
}

/// Kubernetes takes a bare number for a quantity too, and null for none.
struct Text;

impl Visitor<'_> for Text {
    type Value = Quantity;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a quantity such as 250m or 1Gi")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Quantity, E> {
        text.parse()
            .map_err(|problem| E::custom(format_args!("{text:?}: {problem}")))
    }

    fn visit_u64<E: serde::de::Error>(self, whole: u64) -> Result<Quantity, E> {
        self.visit_str(&whole.to_string())
    }

    fn visit_i64<E: serde::de::Error>(self, whole: i64) -> Result<Quantity, E> {
        Ok(Quantity::from_whole(whole))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Quantity, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Quantity, E> {
        Ok(Quantity::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_suffix() {
        for (text, milli, whole) in [
            ("0", 0, 0),
            ("1", 1000, 1),
            ("+2", 2000, 2),
            ("-1500m", -1500, -1),
            ("100n", 1, 1),
            ("100u", 1, 1),
            ("1001u", 2, 1),
            ("250m", 250, 1),
            ("3k", 3_000_000, 3000),
            ("1M", 1_000_000_000, 1_000_000),
            ("1Ki", 1_024_000, 1024),
            ("0.5Mi", 524_288_000, 524_288),
            ("1.", 1000, 1),
            (".5", 500, 1),
            ("12e3", 12_000_000, 12_000),
            ("12E-1", 1200, 2),
            ("0.1Ki", 102_400, 103),
            ("1e-30", 1, 1),
            ("0e99", 0, 0),
            ("1Pi", LARGEST_AMOUNT, 1 << 50),
            ("1E", LARGEST_AMOUNT, LARGEST_AMOUNT),
            ("9Ei", LARGEST_AMOUNT, LARGEST_AMOUNT),
            ("1e90", LARGEST_AMOUNT, LARGEST_AMOUNT),
            ("1e2147483647", LARGEST_AMOUNT, LARGEST_AMOUNT),
            ("1e-2147483648", 1, 1),
        ] {
            let quantity: Quantity = text.parse().expect(text);
            assert_eq!(
                (quantity.milli(), quantity.whole()),
                (milli, whole),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_quantity() {
        for text in [
            "", "-", ".", "1.2.3", "x", "1 Gi", "--1", "1gi", "4cores", "1e3x",
        ] {
            assert_eq!(
                text.parse::<Quantity>(),
                Err(QuantityError::Format),
                "{text:?}"
            );
        }
        for text in ["1mi", "1Kii", "1e", "1e+", "1K", "1ee3", "1m3"] {
            assert_eq!(
                text.parse::<Quantity>(),
                Err(QuantityError::Suffix),
                "{text}"
            );
        }
        assert!("1".repeat(65).parse::<Quantity>().is_err());
    }

    #[test]
    fn numbers_and_null_are_quantities() {
        for (json, milli) in [("1", 1000), ("-2", -2000), ("0.5", 500), ("null", 0)] {
            let quantity: Quantity = serde_json::from_str(json).expect(json);
            assert_eq!(quantity.milli(), milli, "{json}");
        }
        assert!(serde_json::from_str::<Quantity>("true").is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "\\PC{0,70}") {
            let _ = text.parse::<Quantity>();
        }

        #[test]
        fn thousandths_come_back(milli in -1_000_000_000_i64..1_000_000_000) {
            let quantity: Quantity = format!("{milli}m").parse().expect("a quantity");
            prop_assert_eq!(quantity, Quantity::from_milli(milli));
            prop_assert_eq!(quantity.milli(), milli);
        }
    }
}
