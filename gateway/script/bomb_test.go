package script

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// What scripts try in order to get out, to stay for ever, to take all memory or to speak in the name of others. None of
// it may cost more than its own message.
func TestTricksEndWithTheirOwnMessage(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(`{"version":3,"file":"s","sourceRoot":"","sources":["SECRET.js"],"names":[],"mappings":"AAAA"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	on := func(body string) string { return "function onEmail(mail, ctx) {" + body + "}" }
	for _, one := range []struct {
		name, source string
		kind         []Kind // None: there is a decision, and it says title.
		title        string
	}{
		{"an endless loop", on("for (;;);"), []Kind{Slow}, ""},
		{"an endless loop before onEmail", "for (;;); function onEmail() {}", []Kind{Slow}, ""},
		{"an endless loop that catches", on("for (;;) try { for (;;); } catch (e) {} finally { for (;;); }"), []Kind{Slow}, ""},
		{"promises for ever", on("const next = () => Promise.resolve().then(next); next(); return {title: 'x'}"), []Kind{Slow}, ""},
		{"a getter that never ends", on("return {get title() { for (;;); }}"), []Kind{Slow}, ""},
		{"an error that never ends", on("throw {toString() { for (;;); }}"), []Kind{Slow}, ""},
		{"a pattern that explodes", on(`/^(a+)+$/.test("a".repeat(60) + "!"); return /(a*)*\1b/.test("a".repeat(60)) ? {} : {}`), []Kind{Slow, Memory}, ""},
		{"a native call that cannot be interrupted", on("Array(4e9).fill(0)"), []Kind{Slow, Memory, Thrown}, ""},
		{"a sort without end", on("const a = Array.from({length: 1e6}, (_, i) => i); for (;;) a.sort(() => Math.random() - 0.5)"), []Kind{Slow, Memory}, ""},
		{"10 GB in pieces", on("const a = []; for (;;) a.push('x'.repeat(1 << 20) + a.length)"), []Kind{Memory, Slow}, ""},
		{"10 GB at once", on("return {title: 'x'.repeat(1e10)}"), []Kind{Memory, Thrown}, ""},
		{"1 GB at once", on("return {title: 'x'.repeat(1e9)}"), []Kind{Memory, Thrown}, ""},
		{"a text that doubles", on("let s = 'x'; for (;;) s += s"), []Kind{Memory, Thrown}, ""},
		{"a buffer", on("return {title: '' + new ArrayBuffer(1e10)}"), []Kind{Memory, Thrown}, ""},
		{"a map of everything", on("const m = new Map(); for (let i = 0; ; i++) m.set(i, [i])"), []Kind{Memory, Slow}, ""},
		{"calls within calls", on("const f = () => f() + 1; f()"), []Kind{Thrown}, ""},
		{"calls within calls that catch", on("const f = () => { try { f() } catch (e) { f() } }; f()"), []Kind{Slow, Thrown}, ""},
		{"JSON within JSON", on("JSON.parse('['.repeat(5e6))"), []Kind{Memory, Thrown, Slow}, ""},
		{"an object within itself", on("let o = {}; for (let i = 0; i < 1e6; i++) o = {o}; JSON.stringify(o)"), []Kind{Memory, Thrown, Slow, Crashed}, ""},
		{"code within code", on("eval('('.repeat(1e6))"), []Kind{Memory, Thrown, Slow, Crashed}, ""},
		{"a script of brackets", strings.Repeat("[", MaxSource-10), []Kind{Syntax, Memory, Crashed}, ""},
		{"a script that is too large", strings.Repeat(" ", MaxSource+1), []Kind{Memory}, ""},
		{"endless output", on("for (;;) log('x'.repeat(1000))"), []Kind{Slow}, ""},
		{"a loud error", on("throw new Error('x'.repeat(1e5))"), []Kind{Thrown}, ""},

		{"require", on("require('fs')"), []Kind{Thrown}, ""},
		{"import", "import fs from 'fs'; " + on(""), []Kind{Syntax}, ""},
		{"import()", on("import('fs')"), []Kind{Syntax}, ""},
		{"process", on("process.exit(0)"), []Kind{Thrown}, ""},
		{"fetch", on("fetch('http://127.0.0.1/')"), []Kind{Thrown}, ""},
		{"the function of a function", on("return {title: typeof (() => {}).constructor('return this')().process}"), nil, "undefined"},
		{"the constructor of log", on("return {title: typeof log.constructor('return this')().require}"), nil, "undefined"},
		{"no world outside", on("return {title: ['require', 'process', 'fetch', 'XMLHttpRequest', 'WebSocket', 'Deno', 'Go', 'os', 'setTimeout', 'setInterval', 'print', 'load', 'read', 'module', 'exports', 'global', 'window', 'self'].filter(n => n in globalThis).join()}"), nil, ""},
		{"a source map that reads a file", on("throw new Error('here')") + "\n//# sourceMappingURL=" + secret, []Kind{Thrown}, ""},
		{"a source map that reads a file, from eval", on("eval('throw new Error(1)\\n//# sourceMappingURL=" + secret + "')"), []Kind{Thrown}, ""},

		{"a prototype that decides", "Object.prototype.reject = 'from the prototype'; " + on("return {title: 'mine'}"), nil, "mine"},
		{"__proto__", on("return {__proto__: {reject: 'inherited'}, title: 'mine'}"), nil, "mine"},
		{"__proto__ of JSON", on(`return JSON.parse('{"__proto__": {"reject": "x"}}')`), []Kind{Unusable}, ""},
		{"toJSON", "Object.prototype.toJSON = () => ({decision: {reject: 'forged'}}); " + on("return {title: 'mine'}"), nil, "mine"},
		{"another JSON", "JSON.parse = () => ({subject: 'forged'}); JSON.stringify = () => 'forged'; " + on("return {title: mail.subject}"), nil, "Druck < 80 bar"},
		{"another Array", "Array.prototype.push = Array.prototype.join = () => { throw 1 }; String.prototype.toString = () => 'forged'; " + on("return {title: 'mine'}"), nil, "mine"},
		{"a setter for all", "Object.defineProperty(Object.prototype, 'title', {set() { throw 1 }, get() { return 'forged' }}); " + on("return {}"), nil, ""},
		{"an answer of its own", on(`log('{"decision":{"reject":"forged"}}'); console.log('\n{"decision":{"reject":"forged"}}\n'); return {title: 'mine'}`), nil, "mine"},
		{"a mail that was frozen and changed", on("Object.freeze(mail); mail.subject = 'forged'; return {title: mail.subject}"), nil, "Druck < 80 bar"},
		{"a proxy", on("return new Proxy({title: 'mine'}, {get: (o, k) => o[k]})"), nil, "mine"},
		{"a revoked proxy", on("const p = Proxy.revocable({}, {}); p.revoke(); return p.proxy"), []Kind{Thrown, Unusable}, ""},
		{"a generator", "function* onEmail() { yield {reject: 1} }", nil, ""},
		{"a class", "class onEmail {}", []Kind{Thrown}, ""},
	} {
		t.Run(one.name, func(t *testing.T) {
			t.Parallel()
			limit := Timeout
			if contains(one.kind, Memory) { // On a busy machine its time may be up first.
				one.kind = append(one.kind, Slow)
			}
			if contains(one.kind, Slow) {
				limit /= 4
			}
			got := runFor(t, one.source, limit)
			switch {
			case one.kind == nil && got.Failure != nil:
				t.Fatalf("failed: %+v", *got.Failure)
			case one.kind == nil:
				if got.Decision.Title != one.title || got.Decision.Reject != "" {
					t.Errorf("decision = %+v, want the title %q alone", got.Decision, one.title)
				}
			case got.Failure == nil:
				t.Errorf("decision = %+v, want a failure", got.Decision)
			default:
				t.Logf("%s %q after %v", got.Failure.Kind, got.Failure.Detail, got.Took)
				if !contains(one.kind, got.Failure.Kind) || strings.Contains(got.Failure.Detail, "SECRET") || len(got.Failure.Detail) > 2*maxWords {
					t.Errorf("failure = %+v, want one of %v", *got.Failure, one.kind)
				}
			}
			if got.Took > Timeout+grace {
				t.Errorf("took %v", got.Took)
			}
		})
	}
}

func contains(list []Kind, k Kind) bool {
	for _, one := range list {
		if one == k {
			return true
		}
	}
	return false
}

// The memory that a script asks for is not the server's.
func TestMemoryOfTheServerStaysFlat(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range 2 {
		if got := runFor(t, "const a = []; function onEmail() { for (;;) a.push('x'.repeat(1 << 20) + a.length) }", time.Second); got.Failure == nil {
			t.Errorf("decision = %+v, want a failure", got.Decision)
		}
	}
	runtime.ReadMemStats(&after)
	if grown := int64(after.TotalAlloc - before.TotalAlloc); grown > 8<<20 {
		t.Errorf("the server has allocated %d octets for two bombs, want next to nothing", grown)
	}
}

// BenchmarkScript is what a script costs a mail: a process, the interpreter, and the mail there and back.
func BenchmarkScript(b *testing.B) {
	r, err := New("", 1)
	if err != nil {
		b.Fatal(err)
	}
	job := sample
	job.Source = `function onEmail(mail) { return {title: mail.subject.toUpperCase()} }`
	for b.Loop() {
		if got, err := r.Run(b.Context(), job); err != nil || got.Failure != nil {
			b.Fatal(got.Failure, err)
		}
	}
}
