package directory

import (
	"crypto/sha256"
	"encoding/hex"
)

// ID is an anchor in a fixed size, for maps over whole directories: the bytes
// of a GUID, or a hash of any other anchor.
type ID [17]byte

// IDOf returns the ID of an anchor. Only a GUID in lower case with dashes is
// kept as one, for any other spelling would not come back as it was.
func IDOf(anchor string) ID {
	var id ID
	if parseGUID(id[1:], anchor) {
		return id
	}
	sum := sha256.Sum256([]byte(anchor))
	copy(id[1:], sum[:])
	id[0] = 1
	return id
}

// GUID returns the anchor if it is a GUID; ok is false if it is not, and the
// anchor cannot be told from its ID.
func (id ID) GUID() (anchor string, ok bool) {
	if id[0] != 0 {
		return "", false
	}
	h := hex.EncodeToString(id[1:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:], true
}

func parseGUID(dst []byte, s string) bool {
	if len(s) != 36 {
		return false
	}
	n := 0
	for i := range len(s) {
		var digit byte
		dash := i == 8 || i == 13 || i == 18 || i == 23
		switch c := s[i]; {
		case dash && c == '-':
			continue
		case !dash && c >= '0' && c <= '9':
			digit = c - '0'
		case !dash && c >= 'a' && c <= 'f':
			digit = c - 'a' + 10
		default:
			return false
		}
		dst[n/2] = dst[n/2]<<4 | digit
		n++
	}
	return true
}
