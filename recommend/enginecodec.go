package recommend

import (
	"fmt"
	"io"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// WriteTo writes all that e answers from as one frame: dataset and catalogue, the names
// and models of its sources, the watermark, and the snapshot of what it learned since.
// ReadEngine makes an engine of it. A source whose model has no binary form, such as a
// Func, is in it by name. The model of a source is that which the engine was given.
//
// It is one moment of e, but for a Swap that runs beside it: then dataset and models may be
// those before it, and the snapshot that after it, which go together as after RestoreByID.
// Cost: that of Dataset.MarshalBinary, of each model and of Snapshot; as much memory again
// as it writes.
func (e *Engine[U, I]) WriteTo(w io.Writer) (int64, error) {
	const where = "recommend: Engine.WriteTo"
	if err := e.made(where); err != nil {
		return 0, err
	}
	if w == nil {
		return 0, fmt.Errorf("%s: w is nil: %w", where, ErrEmpty)
	}
	s := e.state.Load()
	snapshot, err := e.Snapshot()
	if err != nil {
		return 0, err
	}
	var frame codec.Writer
	d := *s.data
	if d.Catalogue = s.view.base; len(d.Catalogue.attrs) == 0 {
		d.Catalogue = nil
	}
	data, err := d.MarshalBinary()
	if err != nil {
		return 0, err
	}
	frame.Bytes(data)
	frame.Int64(s.watermark)
	frame.Int(len(s.sources))
	for _, src := range s.sources {
		p, ok := narrow(src.Model).(Persistent)
		frame.String(src.Name)
		frame.Bool(ok)
		if ok {
			data, err := p.MarshalBinary()
			if err != nil {
				return 0, fmt.Errorf("%s: source %s: %w", where, src.Name, err)
			}
			frame.Bytes(data)
		}
	}
	frame.Bytes(snapshot)
	n, err := w.Write(frame.AppendFrame(nil, codec.KindServing, 1))
	return int64(n), err
}

// ReadEngine reads what Engine.WriteTo wrote and stops at its end, so that a restart is
// ReadEngine, and Observe of the events that came after. Sources, catalogue and watermark
// are those of the frame; of opt count the rest, as Live and Rerank, and of opt.Sources what a
// frame cannot hold: Calibrate, Meaning and the like of a source of that name, and its Model where the
// frame has none.
//
// Payload of version 1, in the words of Persistent:
//
//	[]byte   the frame of the Dataset
//	i64      the watermark in Unix nanoseconds, -2⁶³ for none
//	int n    sources, each: string name, byte there is a model, and with it []byte its frame
//	[]byte   the frame of the snapshot
//
// Errors: those of Dataset.UnmarshalBinary, ReadModel, NewEngine and Engine.RestoreByID, of the
// parts; ErrOption for a source without model in both; io.EOF when r is at its end already.
func ReadEngine[U, I ID](r io.Reader, opt EngineOptions) (*Engine[U, I], error) {
	const where = "recommend: ReadEngine"
	if r == nil {
		return nil, fmt.Errorf("%s: r is nil: %w", where, ErrEmpty)
	}
	data, err := codec.ReadFrame(r)
	if err == io.EOF {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	frame, err := codec.Open(data, codec.KindServing, 1)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	d := &Dataset[U, I]{}
	dataset, watermark := frame.Bytes(), frame.Int64()
	if frame.Err() == nil {
		if err := d.UnmarshalBinary(dataset); err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
	}
	given := opt.Sources
	opt.Sources, opt.Catalogue = nil, d.Catalogue
	for k, n := 0, frame.Int(); k < n && frame.Err() == nil; k++ {
		src := Source{Name: frame.String()}
		for _, g := range given {
			if g.Name == src.Name {
				src = g
			}
		}
		if frame.Bool() {
			if src.Model, err = decodeModel(frame.Bytes()); err != nil && frame.Err() == nil {
				return nil, fmt.Errorf("%s: source %s: %w", where, src.Name, err)
			}
		}
		if check.Missing(src.Model) && frame.Err() == nil {
			return nil, fmt.Errorf("%s: source %s has no model in the frame, and none in Sources: %w", where, src.Name, ErrOption)
		}
		opt.Sources = append(opt.Sources, src)
	}
	snapshot := frame.Bytes()
	if err := frame.Done(); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	opt.Watermark = time.Time{}
	if watermark != noTime {
		opt.Watermark = time.Unix(0, watermark)
	}
	e, err := NewEngine(d, opt)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if err := e.RestoreByID(snapshot); err != nil { // WriteTo may have met a Swap
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return e, nil
}
