// Package arch holds the tests that keep the architecture as docs/architecture.md states it: who may import whom, which
// package owns which library, documented packages, files of a readable size, no hidden state. It also
// keeps the documents true that name tests as their proof.
package arch
