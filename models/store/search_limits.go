package store

// searchLimits say when a search goes which way. They decide how long it takes and never what it finds.
type searchLimits struct {
	walkBatch   int   // Issues whose texts are read at a time.
	walkCommon  int   // Hits in the first batch that make words common: going on costs less than the index.
	walkMost    int   // Issues that are read before the index is asked after all.
	mostHits    int   // Texts that the index gives for the beginning of a word; one with more is common.
	fewIssues   int   // So many are looked through for the other words sooner than the index is asked for them.
	manyIssues  int   // So many are not looked up one by one to be put in order.
	scanBatch   int   // Entries of the index of an order that are read at a time.
	scanPart    int   // The same for the first time where the lists of projects and states are merged.
	mostScanned int   // Entries after which they are looked up after all.
	mostListed  int64 // Texts with a word for which MariaDB is asked.
	sampleTexts int   // Texts of the index of MariaDB that stand for all of them.
}

func usualLimits() searchLimits {
	return searchLimits{
		walkBatch: 100, walkCommon: 10, walkMost: 1500, mostHits: 12_000, fewIssues: 1000,
		manyIssues: 3000, scanBatch: 2000, scanPart: 500, mostScanned: 20_000, mostListed: 4000, sampleTexts: 2000,
	}
}
