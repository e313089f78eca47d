package bpe

// byteRunes are the characters that stand for bytes in the names of tokens. The
// printable characters of Latin-1 stand for themselves, U+0100, U+0101 and so on for
// the other bytes. runeBytes is the inverse, -1 where a character stands for no byte.
var byteRunes, runeBytes = func() (runes [256]rune, bytes [512]int16) {
	for i := range bytes {
		bytes[i] = -1
	}
	next := rune(256)
	for b := range rune(256) {
		r := b
		if b < '!' || '~' < b && b < 0xA1 || b == 0xAD {
			r = next
			next++
		}
		runes[b] = r
		bytes[r] = int16(b)
	}
	return runes, bytes
}()

// appendBytes appends the bytes that name stands for. ok is false, and dst
// unchanged, if one of its characters stands for no byte.
func appendBytes(dst []byte, name string) (_ []byte, ok bool) {
	n := len(dst)
	for _, r := range name {
		if int(r) >= len(runeBytes) || runeBytes[r] < 0 {
			return dst[:n], false
		}
		dst = append(dst, byte(runeBytes[r]))
	}
	return dst, true
}
