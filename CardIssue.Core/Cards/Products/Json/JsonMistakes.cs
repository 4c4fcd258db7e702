namespace CardIssue.Core.Cards.Products;

/// <summary>Where a JSON value or property name begins.</summary>
internal readonly record struct JsonPlace(int Line, int Column, string Path);

/// <summary>Collects what is wrong with a file.</summary>
internal sealed class JsonMistakes
{
    /// <summary>The most mistakes kept of one file; the last one then says that there are more.</summary>
    public const int MaxMistakes = 1000;

    private readonly List<JsonMistake> _list = [];

    public int Count => _list.Count;

    public void Add(JsonPlace place, string message)
    {
        if (_list.Count >= MaxMistakes) return;
        if (_list.Count == MaxMistakes - 1) message = $"There are more mistakes than {MaxMistakes}; the rest is not listed.";
        var mistake = new JsonMistake(place.Line, place.Column, place.Path, message);
        if (!_list.Contains(mistake)) _list.Add(mistake);
    }

    public ValueList<JsonMistake> InOrder() => [.. _list.OrderBy(m => m.Line).ThenBy(m => m.Column)];

    /// <summary>
    /// A property's name, where it may be shown: one that begins with a letter and is a name by <see cref="NameRule"/>. Anything else might be a
    /// customer's data that got into the wrong place, a card number as a name for one.
    /// </summary>
    public static bool CanShow(string name) => NameRule.Accepts(name) && char.IsAsciiLetter(name[0]);

    public static string Shown(string name) => CanShow(name) ? $"\"{name}\"" : $"with a name of {name.Length} characters";
}
