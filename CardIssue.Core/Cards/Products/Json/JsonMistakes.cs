using System.Globalization;
using System.Runtime.CompilerServices;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products.Json;

/// <summary>Where a JSON value or property name begins.</summary>
internal readonly record struct JsonPlace(int Line, int Column, JsonPath Path)
{
    /// <summary><c>line:column path</c>.</summary>
    public override string ToString() => $"{Line}:{Column} {Path}";
}

/// <summary>Collects what is wrong with a file.</summary>
internal sealed class JsonMistakes
{
    /// <summary>The most mistakes kept of one file; one more then says how many there are besides.</summary>
    public const int MaxMistakes = 1000;

    private readonly List<JsonMistake> _kept = [];
    private readonly HashSet<JsonMistake> _known = [];
    private JsonPlace _firstLeftOut;
    private int _leftOut;

    public int Count => _kept.Count;

    /// <summary>With those that are not kept.</summary>
    public long Total => _kept.Count + (long)_leftOut;

    private bool IsFull => _kept.Count >= MaxMistakes;

    public void Add(JsonPlace place, string message)
    {
        if (IsFull)
        {
            LeaveOut(place);
            return;
        }
        var mistake = new JsonMistake(place.Line, place.Column, place.Path.ToString(), message);
        if (_known.Add(mistake)) _kept.Add(mistake);
    }

    /// <summary>The same; a message that would not be kept is not put together.</summary>
    public void Add(JsonPlace place, [InterpolatedStringHandlerArgument("")] ref Message message)
    {
        if (IsFull) LeaveOut(place);
        else Add(place, message.ToText());
    }

    /// <summary>Those that are kept, in the order of the file.</summary>
    public ValueList<JsonMistake> Kept() => [.. _kept.OrderBy(m => m.Line).ThenBy(m => m.Column)];

    public ValueList<JsonMistake> InOrder()
    {
        var mistakes = Kept();
        return _leftOut == 0
            ? mistakes
            : [.. mistakes, new JsonMistake(_firstLeftOut.Line, _firstLeftOut.Column, _firstLeftOut.Path.ToString(), $"And {_leftOut} more mistakes, from here on.")];
    }

    private void LeaveOut(JsonPlace place)
    {
        if (_leftOut++ == 0) _firstLeftOut = place;
    }

    // Less than the part of a card number that may be shown with it (PCI DSS 3.4.1).
    private const int MaxShownDigits = 5;

    /// <summary>
    /// A property's name, where it may be shown: one that begins with a letter, is a name by <see cref="NameRule"/> and has few digits. Anything else might be a
    /// customer's data that got into the wrong place: a card number as a name or, where the file is damaged, within one.
    /// </summary>
    public static bool CanShow(string name) => NameRule.Accepts(name) && char.IsAsciiLetter(name[0]) && name.Count(char.IsAsciiDigit) <= MaxShownDigits;

    public static string Shown(string name) => CanShow(name) ? $"\"{name}\"" : $"with a name of {name.Length} characters";

    /// <summary>An interpolated message: its pieces are formatted only while there is room for another mistake.</summary>
    [InterpolatedStringHandler]
    internal ref struct Message
    {
        private DefaultInterpolatedStringHandler _text;

        public Message(int literalLength, int formattedCount, JsonMistakes mistakes, out bool isWanted)
        {
            isWanted = !mistakes.IsFull;
            if (isWanted) _text = new DefaultInterpolatedStringHandler(literalLength, formattedCount, CultureInfo.InvariantCulture);
        }

        public void AppendLiteral(string text) => _text.AppendLiteral(text);

        public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

        internal string ToText() => _text.ToStringAndClear();
    }
}
