//! Hashes that are the same in every process and on every machine.

/// Hash of a text: FNV-1a over its bytes, then mixed.
///
/// *Source*: the FNV hash (draft-eastlake-fnv), 64 bits.
pub fn text(text: &str) -> u64 {
    let sum = text.bytes().fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    mix(sum)
}

/// Spreads every bit of a number over all of them.
///
/// *Source*: the finaliser of `SplitMix64` (Steele, Lea and Flood, OOPSLA 2014).
pub fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
