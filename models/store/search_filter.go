package store

// placeFilter lets through the places that may be among some, and those of words that stand everywhere: for each text it
// has the last six bits of the words, which is enough to leave out nearly all others before they are put into a list.
// One that is nil lets all through.
type placeFilter [1 << (bucketBits + textBits)]uint64

// words are the words of a text that are let through, each a bit.
func (f *placeFilter) words(text uint64) uint64 {
	if f == nil {
		return ^uint64(0)
	}
	return f[text] | 1<<(everywhere%64)
}

// behind filters the places of a word that stands some words behind the places of a list, in each part of the index.
type behind struct {
	lists  map[int64][]place
	by     place
	bucket int64
	set    []place // Of this list the filter is.
	filter placeFilter
}

// in is the filter for a part; it is good until the next call.
func (b *behind) in(bucket int64) *placeFilter {
	if b == nil {
		return nil
	}
	if bucket == b.bucket && b.set != nil {
		return &b.filter
	}
	for _, p := range b.set {
		b.filter[p.key()] = 0
	}
	b.bucket, b.set = bucket, b.lists[bucket]
	for _, p := range b.set {
		b.filter[p.key()] |= 1 << ((p.word() + b.by) % 64)
	}
	return &b.filter
}
