from graven.sdk.segment import HEADER_SIZE, Span, encode_record, payload_of, scan


def test_records_are_found_one_after_the_other():
    stream = encode_record(b"one") + encode_record(b"") + encode_record(b"three")
    spans, whole = scan(stream)
    assert spans == [Span(0, HEADER_SIZE + 3), Span(27, HEADER_SIZE), Span(51, HEADER_SIZE + 5)]
    assert whole == len(stream)
    assert [payload_of(stream[span.offset : span.offset + span.length]) for span in spans] == [b"one", b"", b"three"]


def test_a_flipped_bit_ends_what_is_trusted():
    first, second = encode_record(b"one"), encode_record(b"two")
    for at in range(len(second) * 8):
        damaged = bytearray(second)
        damaged[at // 8] ^= 1 << at % 8
        assert scan(first + bytes(damaged)) == ([Span(0, len(first))], len(first))


def test_a_length_beyond_the_stream_is_torn():
    assert scan(b"GSP1\xff\xff\xff\xff" + bytes(100)) == ([], 0)
