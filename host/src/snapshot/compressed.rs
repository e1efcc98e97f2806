//! LZ4 with the length in front: 4 bytes little-endian, then one block. Never unpacks past a limit.

/// No LZ4 block grows by more than this: a byte of a run's length stands for at most 255 bytes.
const LARGEST_RATIO: usize = 255;

const LENGTH_BYTES: usize = 4;

/// Packed bytes that cannot be unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UnpackError {
    /// They hold `bytes` bytes, more than the limit.
    TooLarge { bytes: usize },
    /// They are not what [`pack_onto`] made.
    Broken,
}

/// Appends `plain`, packed, to `out`.
///
/// # Errors
/// `plain` itself is too large for the format: 4 GiB or more.
pub(super) fn pack_onto(out: &mut Vec<u8>, plain: &[u8]) -> Result<(), UnpackError> {
    let too_large = UnpackError::TooLarge { bytes: plain.len() };
    let length = u32::try_from(plain.len()).map_err(|_| too_large)?;
    out.extend_from_slice(&length.to_le_bytes());
    let start = out.len();
    out.resize(
        start + lz4_flex::block::get_maximum_output_size(plain.len()),
        0,
    );
    let written =
        lz4_flex::block::compress_into(plain, &mut out[start..]).map_err(|_| too_large)?;
    out.truncate(start + written);
    Ok(())
}

/// Unpacks what [`pack_onto`] appended. Allocates no more than `limit` bytes, and no more than 255 times what
/// `packed` has, whatever length it claims.
pub(super) fn unpack(packed: &[u8], limit: usize) -> Result<Vec<u8>, UnpackError> {
    let (length, block) = packed
        .split_first_chunk::<LENGTH_BYTES>()
        .ok_or(UnpackError::Broken)?;
    let bytes = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| UnpackError::Broken)?;
    if bytes > limit {
        return Err(UnpackError::TooLarge { bytes });
    }
    if bytes > block.len().saturating_mul(LARGEST_RATIO) {
        return Err(UnpackError::Broken);
    }
    let mut plain = vec![0; bytes];
    match lz4_flex::block::decompress_into(block, &mut plain) {
        Ok(written) if written == bytes => Ok(plain),
        _ => Err(UnpackError::Broken),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn packed(plain: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        pack_onto(&mut out, plain).expect("packed");
        out
    }

    fn with_length(length: u32, packed: &[u8]) -> Vec<u8> {
        [&length.to_le_bytes(), &packed[LENGTH_BYTES..]].concat()
    }

    #[test]
    fn the_limit_is_the_largest_that_is_let_through() {
        let packed = packed(&[7; 1000]);
        assert_eq!(unpack(&packed, 1000), Ok(vec![7; 1000]));
        let too_large = UnpackError::TooLarge { bytes: 1000 };
        assert_eq!(unpack(&packed, 999), Err(too_large));
    }

    #[test]
    fn zeros_pack_as_tightly_as_the_ratio_allows() {
        // The tightest that the format has: the check on the ratio must not refuse it.
        for bytes in [0, 1, 12, 13, 255, 1 << 16, 16 << 20] {
            let zeros = vec![0; bytes];
            assert_eq!(unpack(&packed(&zeros), bytes), Ok(zeros), "{bytes} bytes");
        }
    }

    #[test]
    fn a_forged_length_is_refused() {
        let honest = packed(b"a snapshot, a snapshot, a snapshot");
        let claimed = UnpackError::TooLarge {
            bytes: u32::MAX as usize,
        };
        assert_eq!(
            unpack(&with_length(u32::MAX, &honest), 64 << 20),
            Err(claimed)
        );
        // Within the limit and still refused, before 4 GiB are asked of the system.
        let forged = with_length(u32::MAX, &honest);
        assert_eq!(unpack(&forged, usize::MAX), Err(UnpackError::Broken));
        for length in [0, 33, 35, 100] {
            let forged = with_length(length, &honest);
            assert_eq!(unpack(&forged, 1000), Err(UnpackError::Broken), "{length}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_was_packed_comes_back(plain: Vec<u8>, before: Vec<u8>) {
            let mut out = before.clone();
            pack_onto(&mut out, &plain).expect("packed");
            prop_assert!(out.starts_with(&before));
            prop_assert_eq!(unpack(&out[before.len()..], plain.len()), Ok(plain));
        }

        #[test]
        fn any_bytes_unpack_within_the_limit_or_not_at_all(bytes: Vec<u8>, limit in 0..4096_usize) {
            if let Ok(plain) = unpack(&bytes, limit) {
                prop_assert!(plain.len() <= limit);
            }
        }
    }
}
