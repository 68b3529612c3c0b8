// Command health says how GitOps tools judge objects, by the tools' own code: kstatus (Flux, kubectl, Helm), a health
// check in Lua (Argo CD's interpreter, with the libraries that Argo CD gives it), and health expressions in CEL (Flux).
//
//	health HEALTH.lua [EXPRESSIONS.json] <objects.json
//
// It reads a JSON array of objects and writes a JSON array of judgements in the same order.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/fluxcd/pkg/apis/kustomize"
	"github.com/fluxcd/pkg/runtime/cel"
	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

type verdict struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

type judgement struct {
	Kstatus verdict `json:"kstatus"`
	Lua     verdict `json:"lua"`
	// Empty where no expressions were given.
	Expressions string `json:"expressions"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	// As the tools read objects: whole numbers stay whole.
	var objects []any
	if err := utiljson.Unmarshal(input, &objects); err != nil {
		return err
	}
	check, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	evaluator, err := readExpressions(args[1:])
	if err != nil {
		return err
	}
	judgements := make([]judgement, len(objects))
	for i, object := range objects {
		if judgements[i], err = judge(object.(map[string]any), string(check), evaluator); err != nil {
			return fmt.Errorf("object %d: %w", i, err)
		}
	}
	return json.NewEncoder(os.Stdout).Encode(judgements)
}

func readExpressions(args []string) (*cel.StatusEvaluator, error) {
	if len(args) == 0 {
		return nil, nil
	}
	text, err := os.ReadFile(args[0])
	if err != nil {
		return nil, err
	}
	var expressions kustomize.HealthCheckExpressions
	if err := json.Unmarshal(text, &expressions); err != nil {
		return nil, err
	}
	return cel.NewStatusEvaluator(&expressions)
}

func judge(object map[string]any, check string, evaluator *cel.StatusEvaluator) (judgement, error) {
	var all judgement
	result, err := status.Compute(&unstructured.Unstructured{Object: object})
	if err != nil {
		return all, err
	}
	all.Kstatus = verdict{Status: string(result.Status), Message: result.Message}
	if all.Lua, err = runLua(object, check); err != nil {
		return all, err
	}
	if evaluator != nil {
		result, err := evaluator.Evaluate(context.Background(), &unstructured.Unstructured{Object: object})
		if err != nil {
			return all, err
		}
		all.Expressions = string(result.Status)
	}
	return all, nil
}

// As Argo CD does: no libraries but package, base and table.
func runLua(object map[string]any, check string) (verdict, error) {
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for _, library := range []struct {
		name string
		open lua.LGFunction
	}{{lua.LoadLibName, lua.OpenPackage}, {lua.BaseLibName, lua.OpenBase}, {lua.TabLibName, lua.OpenTable}} {
		if err := state.CallByParam(lua.P{Fn: state.NewFunction(library.open), NRet: 0, Protect: true}, lua.LString(library.name)); err != nil {
			return verdict{}, err
		}
	}
	state.SetGlobal("obj", toLua(state, object))
	if err := state.DoString(check); err != nil {
		return verdict{}, err
	}
	returned, ok := state.Get(-1).(*lua.LTable)
	if !ok {
		return verdict{}, fmt.Errorf("the health check returned %s, not a table", state.Get(-1).Type())
	}
	return verdict{
		Status:  lua.LVAsString(returned.RawGetString("status")),
		Message: lua.LVAsString(returned.RawGetString("message")),
	}, nil
}

func toLua(state *lua.LState, value any) lua.LValue {
	switch value := value.(type) {
	case bool:
		return lua.LBool(value)
	case int64:
		return lua.LNumber(value)
	case float64:
		return lua.LNumber(value)
	case string:
		return lua.LString(value)
	case []any:
		table := state.NewTable()
		for _, each := range value {
			table.Append(toLua(state, each))
		}
		return table
	case map[string]any:
		table := state.NewTable()
		for key, each := range value {
			table.RawSetString(key, toLua(state, each))
		}
		return table
	}
	return lua.LNil
}
