package script

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"
)

// engine runs one job in the interpreter.
type engine struct {
	job Job
	log func(line string)
	vm  *goja.Runtime
}

// run returns the decision of the script, or why there is none.
func (e *engine) run() (d Decision, f *Failure) {
	defer func() {
		r := recover()
		if ex, ok := r.(*goja.Exception); ok { // Thrown by code of the script that was called in passing.
			d, f = Decision{}, failureOf(ex)
		} else if r != nil { // Of the interpreter: a script cannot panic.
			d, f = Decision{}, &Failure{Kind: Crashed, Detail: cutTo(fmt.Sprint(r), maxWords)}
		}
	}()
	e.vm = goja.New()
	e.vm.SetMaxCallStackSize(callDepth)
	e.vm.SetParserOptions(parser.WithDisableSourceMaps) // A remark in a script must not read a file.
	e.vm.SetTimeSource(func() time.Time { return e.job.At })
	e.vm.SetRandSource(func() float64 { return 0.5 })
	parse, _ := goja.AssertFunction(e.vm.Get("JSON").ToObject(e.vm).Get("parse")) // Before a script can change it.
	e.offer()
	on, f := e.load()
	if f != nil || e.job.Mail == nil {
		return d, f
	}
	args := make([]goja.Value, 0, 2)
	for _, text := range []string{string(e.job.Mail), string(e.job.Context)} {
		v, err := parse(goja.Undefined(), e.vm.ToValue(text))
		if err != nil {
			return d, failureOf(err)
		}
		args = append(args, v)
	}
	v, err := on(goja.Undefined(), args...)
	if err != nil {
		return d, failureOf(err)
	}
	if p, ok := v.Export().(*goja.Promise); ok {
		switch p.State() {
		case goja.PromiseStateFulfilled:
			v = p.Result()
		case goja.PromiseStateRejected:
			return d, &Failure{Kind: Thrown, Detail: e.words(p.Result())}
		default:
			return d, &Failure{Kind: Unusable, Detail: "onEmail returned a promise that is never kept"}
		}
	}
	return e.decision(v)
}

// offer puts log and console.log into the world of the script.
func (e *engine) offer() {
	write := func(call goja.FunctionCall) goja.Value {
		words := make([]string, 0, len(call.Arguments))
		for _, a := range call.Arguments {
			words = append(words, cutTo(a.String(), 2_000))
		}
		e.log(strings.Join(words, " "))
		return goja.Undefined()
	}
	console := e.vm.NewObject()
	for _, err := range []error{e.vm.Set("log", write), console.Set("log", write), e.vm.Set("console", console)} {
		if err != nil {
			panic(err)
		}
	}
}

// load compiles the script and finds onEmail.
func (e *engine) load() (goja.Callable, *Failure) {
	tree, err := parser.ParseFile(nil, "script", e.job.Source, 0, parser.WithDisableSourceMaps)
	if err != nil {
		return nil, failureOf(err)
	}
	program, err := goja.CompileAST(tree, false)
	if err != nil {
		return nil, failureOf(err)
	}
	if _, err := e.vm.RunProgram(program); err != nil {
		return nil, failureOf(err)
	}
	v, err := e.vm.RunString("typeof onEmail === 'function' ? onEmail : undefined") // "const onEmail" is no member of the global object.
	if err != nil {
		return nil, failureOf(err)
	}
	on, ok := goja.AssertFunction(v)
	if !ok {
		return nil, &Failure{Kind: Syntax, Detail: "there is no function onEmail(mail, ctx)"}
	}
	return on, nil
}

// words is a value that was thrown, as text. A script may have put traps into it.
func (e *engine) words(v goja.Value) (text string) {
	if v == nil {
		return ""
	}
	if ex := e.vm.Try(func() { text = v.String() }); ex != nil {
		return "an error that cannot be shown"
	}
	return cutTo(text, maxWords)
}

// failureOf says what an error of the interpreter means.
func failureOf(err error) *Failure {
	var list parser.ErrorList
	if errors.As(err, &list) && len(list) > 0 {
		return &Failure{Kind: Syntax, Detail: cutTo(list[0].Message, maxWords), Line: list[0].Position.Line}
	}
	if wrong, ok := errors.AsType[*goja.CompilerSyntaxError](err); ok {
		f := &Failure{Kind: Syntax, Detail: cutTo(wrong.Message, maxWords)}
		if wrong.File != nil {
			f.Line = wrong.File.Position(wrong.Offset).Line
		}
		return f
	}
	if _, ok := errors.AsType[*goja.StackOverflowError](err); ok {
		return &Failure{Kind: Thrown, Detail: "too many calls within calls"}
	}
	f := &Failure{Kind: Thrown}
	ex, ok := errors.AsType[*goja.Exception](err)
	if !ok {
		f.Detail = cutTo(err.Error(), maxWords)
		return f
	}
	for _, frame := range ex.Stack() {
		if at := frame.Position(); at.Filename == "script" && at.Line > 0 {
			f.Line = at.Line
			break
		}
	}
	func() {
		defer func() {
			if recover() != nil {
				f.Detail = "an error that cannot be shown"
			}
		}()
		f.Detail = cutTo(ex.Value().String(), maxWords)
	}()
	return f
}
