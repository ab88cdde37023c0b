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

/// Another hash for each salt, from a hash and a salt that are mixed already. A single
/// multiplication: it stands in the loop over all nodes.
#[inline]
pub fn salted(hash: u64, salt: u64) -> u64 {
    (hash ^ salt).wrapping_mul(0x9e37_79b9_7f4a_7c15)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_salt_chooses_another_one_and_none_is_favoured() {
        let names: Vec<_> = (0..10).map(|node| text(&format!("node-{node}"))).collect();
        let mut chosen = [0; 10];
        for seed in 0..10_000 {
            let salt = mix(seed);
            let best = (0..10).max_by_key(|&node| salted(names[node], salt));
            chosen[best.expect("ten nodes")] += 1;
        }
        assert!(
            chosen.iter().all(|count| (500..2000).contains(count)),
            "{chosen:?}"
        );
    }
}
