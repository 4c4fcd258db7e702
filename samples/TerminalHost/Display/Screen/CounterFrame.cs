using System.Globalization;
using CardIssue.TerminalHost.Counter;
using CardIssue.TerminalHost.Printing;
using Spectre.Console;
using Spectre.Console.Rendering;
using SpectreText = Spectre.Console.Text;

namespace CardIssue.TerminalHost.Display.Screen;

/// <summary>What a terminal can show.</summary>
/// <param name="Width">Columns.</param>
/// <param name="Height">Rows.</param>
/// <param name="Unicode">Whether it shows more than ASCII.</param>
/// <param name="Lines">Whether lines are drawn with the signs for that; some terminals for Japanese give those two columns.</param>
/// <param name="Colours">Its colours.</param>
internal sealed record Surface(int Width, int Height, bool Unicode, bool Lines, ColorSystem Colours);

/// <summary>The view as rows of text with colours, for a terminal of some size. Pure, so that a test sees what the operator sees.</summary>
/// <param name="Rows">From the top; as many as the terminal has, none wider.</param>
/// <param name="CursorRow">Where what is typed goes on, from 0.</param>
/// <param name="CursorColumn">The same.</param>
internal sealed record CounterFrame(IReadOnlyList<string> Rows, int CursorRow, int CursorColumn)
{
    private const int Narrowest = 24, Lowest = 4, NarrowestPair = 96, NarrowestStates = 72, Calm = 9, Roomy = 24, LeastExchanges = 3, Margin = 1;

    /// <summary>Draws it.</summary>
    public static CounterFrame Of(CounterView view, Surface surface, Language language, DateTimeOffset now)
    {
        var (width, height) = (surface.Width, surface.Height);
        if (width < Narrowest || height < Lowest) return Tiny(view, surface, language);
        var drawing = new Drawing(surface);
        var input = Input(view, language, width);
        // From what matters most to what may be left out: what is typed, what to do now, how things stand, what happened.
        // Where nothing is asked the row is empty, and there: nothing moves when a question comes or goes.
        List<string> below = [.. height >= 10 ? drawing.Lines(Line(), 1) : [], drawing.Lines(input.Shown, 1).FirstOrDefault(""), .. height >= 8 ? drawing.Lines(Hints(view, language), 1) : []];
        List<string> above =
        [
            .. height >= 14 ? drawing.Lines(Header(view, language, now), 1) : [],
            .. drawing.Lines(Banner(view.Now, language, height), Math.Max(1, height - below.Count - (height < Calm ? 0 : 3))),
            .. height >= Calm && view.Records > 0 ? drawing.Lines(Bar(view.Record, view.Records, language, surface), 1) : [],
            .. height >= Calm ? drawing.Lines(States(view, language, width), 2) : [],
        ];
        var room = height - above.Count - below.Count;
        if (room > 0) above.AddRange(Body(drawing, view, language, width, room));
        while (above.Count + below.Count < height) above.Add("");
        if (above.Count + below.Count > height) above.RemoveRange(height - below.Count, above.Count + below.Count - height);
        var row = above.Count + (height >= 10 ? 1 : 0);
        return new CounterFrame([.. above, .. below], Math.Min(row, height - 1), Math.Min(input.Cursor, width - 1));
    }

    /// <summary>A window that is hardly one: what to do now, and what is typed as far as it goes.</summary>
    private static CounterFrame Tiny(CounterView view, Surface surface, Language language)
    {
        List<string> rows = surface.Width < 2 ? [] : [.. ReceiptLines.Of(view.Now.Do.In(language), surface.Width).Take(surface.Height - 1)];
        while (rows.Count < surface.Height - 1) rows.Add("");
        var typed = surface.Width < 2 ? "" : ReceiptLines.Of(view.Typed, surface.Width - 1).Last();
        return new CounterFrame([.. rows, typed], surface.Height - 1, Math.Min(ReceiptLines.Width(typed), surface.Width - 1));
    }

    private static Rule Line() => new() { Style = new Style(Color.Grey) };

    private static Grid Header(CounterView view, Language language, DateTimeOffset now) => Pair(
        new SpectreText($" {CounterTexts.Title.In(language)}  {view.Terminal}", new Style(decoration: Decoration.Bold)),
        new SpectreText($"{(view.Operator.Length > 0 ? CounterTexts.LoggedIn.In(language) + view.Operator : "")}  {now.ToString("HH:mm", CultureInfo.InvariantCulture)} ").RightJustified());

    private static IRenderable Banner(Now now, Language language, int height)
    {
        var style = StyleOf(now.Tone);
        var text = new Paragraph().Append(now.Do.In(language), style.Decoration(Decoration.Bold));
        if (now.More is { English.Length: > 0 } more && height >= 8) text.Append($"\n{Sentence(more.In(language))}", new Style(style.Foreground));
        if (height < 12) return new Padder(text, new Padding(Margin, 0, Margin, 0));
        return new Panel(new Padder(text, new Padding(2, height >= Roomy ? 1 : 0))) { BorderStyle = new Style(style.Foreground), Expand = true, Border = BoxBorder.Heavy };
    }

    /// <summary>An exchange is told in small letters; what to do now is a sentence.</summary>
    private static string Sentence(string text) => text.Length > 0 && char.IsLower(text[0]) ? char.ToUpperInvariant(text[0]) + text[1..] : text;

    private static Paragraph Bar(int record, int records, Language language, Surface surface)
    {
        var words = CounterTexts.Record(record, records).In(language);
        var room = Math.Max(0, surface.Width - Drawing.Width(words) - 4);
        var full = room * Math.Max(0, record - 1) / records;
        var (done, open) = surface.Lines ? ('━', '─') : ('#', '.');
        return new Paragraph($" {words}  ").Append(new string(done, full), new Style(Color.Green)).Append(new string(open, room - full), new Style(Color.Grey));
    }

    private static IRenderable States(CounterView view, Language language, int width)
    {
        Paragraph State(Paragraph to, Text what, (Text Text, Tone Tone) how) =>
            to.Append($" {what.In(language)}: ", new Style(Color.Grey)).Append($"{how.Text.In(language)}  ", StyleOf(how.Tone).Decoration(Decoration.Bold));
        var line = view.IsRefused ? (CounterTexts.LineRefused, Tone.Bad) : view.Status.State switch
        {
            Terminal.Relay.RelayState.Ready or Terminal.Relay.RelayState.Issuing => (CounterTexts.LineReady, Tone.Good),
            Terminal.Relay.RelayState.Refused => (CounterTexts.LineRefused, Tone.Bad),
            Terminal.Relay.RelayState.Connecting or Terminal.Relay.RelayState.Closed => (CounterTexts.LineConnecting, Tone.Wait),
        };
        var reader = view.Reader switch
        {
            ReaderSight.Lost => (CounterTexts.ReaderLost, Tone.Bad),
            ReaderSight.None => (CounterTexts.None, Tone.Calm),
            ReaderSight.Empty or ReaderSight.CardIn => view.IsReaderUnknown ? (CounterTexts.ReaderUnknown, Tone.Bad) : (CounterTexts.ReaderReady, Tone.Good),
        };
        var isBusy = view.Question is Question.Nothing && view.Step is { } step && CounterTexts.IsOnCard(step.Notice);
        var card = view.Reader switch
        {
            ReaderSight.CardIn when isBusy => (CounterTexts.CardBusy, Tone.Wait),
            ReaderSight.CardIn => (CounterTexts.CardIn, Tone.Good),
            _ => (CounterTexts.CardNone, Tone.Calm),
        };
        if (width < NarrowestStates) return State(State(State(new Paragraph(), CounterTexts.Line, line), CounterTexts.Reader, reader), CounterTexts.Card, card);
        var grid = new Grid { Expand = true };
        for (var third = 0; third < 3; third++) grid.AddColumn(new GridColumn { NoWrap = true, Width = (width / 3) - 2 });
        return grid.AddRow(State(new Paragraph(), CounterTexts.Line, line), State(new Paragraph(), CounterTexts.Reader, reader), State(new Paragraph(), CounterTexts.Card, card));
    }

    private static IEnumerable<string> Body(Drawing drawing, CounterView view, Language language, int width, int room)
    {
        List<string> head = room < LeastExchanges ? [] : drawing.Lines(Heading(language), 1);
        if (view.Receipt.Length == 0) return [.. head, .. drawing.Lines(Latest(view, language, drawing, room - head.Count))];
        if (width >= NarrowestPair)
        {
            var (left, beside) = (width / 2, room - head.Count);
            var pair = new Grid { Expand = true }.AddColumn(new GridColumn { Width = left }).AddColumn(new GridColumn { Width = width - left - 4 });
            pair.AddRow(Latest(view, language, drawing.Narrower(left), beside), Paper(view, language, drawing.Narrower(width - left - 4), beside));
            return [.. head, .. drawing.Lines(pair, beside)];
        }
        // The receipt first, but for a row: that it is printed again, for one, has to be seen. What is left has the exchanges.
        var paper = drawing.Lines(Paper(view, language, drawing, room - 1));
        if (room - paper.Count < LeastExchanges) head = [];
        return [.. paper, .. head, .. drawing.Lines(Latest(view, language, drawing, room - paper.Count - head.Count))];
    }

    /// <summary>The receipt whole, with a frame where there is room for one; nothing where there is not room for all of it.</summary>
    private static IRenderable Paper(CounterView view, Language language, Drawing drawing, int room)
    {
        var text = new SpectreText(view.Receipt);
        var framed = new Panel(text) { Header = new PanelHeader($" {CounterTexts.Receipt.In(language)} "), BorderStyle = new Style(Color.Green) };
        if (drawing.Lines(framed).Count <= room) return framed;
        var plain = new Padder(text, new Padding(Margin, 0, 0, 0));
        return drawing.Lines(plain).Count <= room ? plain : new Rows();
    }

    private static Rule Heading(Language language) =>
        new($"[grey]{Markup.Escape(CounterTexts.Exchanges.In(language))}[/]") { Justification = Justify.Left, Style = new Style(Color.Grey) };

    /// <summary>As many of the last exchanges as there is room for. A long one takes several rows.</summary>
    private static Rows Latest(CounterView view, Language language, Drawing drawing, int room)
    {
        var (shown, rows) = (new List<IRenderable>(), 0);
        foreach (var exchange in view.Exchanges.Reverse())
        {
            var drawn = Exchanged(exchange, language);
            rows += drawing.Lines(drawn).Count;
            // Of the newest at least its beginning is seen.
            if (rows > room && shown.Count > 0) break;
            shown.Insert(0, drawn);
        }
        return new Rows(shown);
    }

    /// <summary>Time and step, and beside them what happened, which may take several rows.</summary>
    private static Grid Exchanged(Exchange exchange, Language language) => new Grid()
        .AddColumn(new GridColumn { NoWrap = true, Padding = new Padding(Margin, 0, 1, 0) })
        .AddColumn(new GridColumn { NoWrap = true, Width = 4, Padding = new Padding(0, 0, 1, 0) })
        .AddColumn(new GridColumn { Padding = new Padding(0, 0) })
        .AddRow(new SpectreText(exchange.At.ToLocalTime().ToString("HH:mm:ss", CultureInfo.InvariantCulture), new Style(Color.Grey)),
            new SpectreText(exchange.Step, new Style(Color.Blue)), new SpectreText(exchange.Text.In(language), StyleOf(exchange.Tone)));

    private static (IRenderable Shown, int Cursor) Input(CounterView view, Language language, int width)
    {
        var question = view.Question switch
        {
            Question.Nothing => default,
            Question.Operator => CounterTexts.AskOperator,
            Question.Password => CounterTexts.AskPassword,
            Question.Order => CounterTexts.AskOrder,
            Question.Code => CounterTexts.AskCode,
        };
        if (question is not { English.Length: > 0 }) return (new SpectreText(""), 0);
        var ask = $" {question.In(language)}: ";
        // Of what is longer than the room the end is shown: there it goes on.
        var typed = view.Typed;
        while (typed.Length > 0 && Drawing.Width(ask) + Drawing.Width(typed) >= width - 1) typed = typed[(char.IsSurrogatePair(typed, 0) ? 2 : 1)..];
        return (new Paragraph(ask, new Style(decoration: Decoration.Bold)).Append(typed, new Style(Color.White, decoration: Decoration.Bold)), Drawing.Width(ask) + Drawing.Width(typed));
    }

    private static SpectreText Hints(CounterView view, Language language)
    {
        List<Text> hints = [];
        if (view.Question is Question.Nothing)
        {
            if (!view.IsIssued) hints.Add(CounterTexts.HintCancel);
        }
        else
        {
            if (view.Typed.Length > 0) hints.Add(CounterTexts.HintClear);
            else if (view.Question is Question.Password or Question.Code) hints.Add(CounterTexts.HintBack);
            if (view.CanPrintAgain && view.Question is Question.Order) hints.Add(CounterTexts.HintPrint);
            if (view.HasLogin && view.Operator.Length > 0) hints.Add(CounterTexts.HintLogOff);
            hints.Add(CounterTexts.HintEnd);
        }
        return new SpectreText(" " + string.Join("   ", hints.Select(hint => hint.In(language))), new Style(Color.Grey));
    }

    private static Grid Pair(IRenderable left, IRenderable right) => new Grid { Expand = true }
        .AddColumn(new GridColumn { NoWrap = true, Padding = new Padding(0, 0) }).AddColumn(new GridColumn { NoWrap = true, Alignment = Justify.Right, Padding = new Padding(0, 0) }).AddRow(left, right);

    private static Style StyleOf(Tone tone) => tone switch
    {
        Tone.Calm => Style.Plain,
        Tone.Act => new Style(Color.Yellow),
        Tone.Wait => new Style(Color.Aqua),
        Tone.Good => new Style(Color.Green),
        Tone.Bad => new Style(Color.Red),
    };
}
