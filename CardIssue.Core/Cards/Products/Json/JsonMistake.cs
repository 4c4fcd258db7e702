using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products.Json;

/// <summary>Something wrong in a JSON file, and where. Never has a value of a customer's data in it.</summary>
/// <param name="Line">The line, 1 for the first.</param>
/// <param name="Column">The column, 1 for the first, in UTF-16 code units as editors count.</param>
/// <param name="Path">Where in the document: <c>$.records[0].items[2].dgi</c>.</param>
/// <param name="Message">What is wrong, as a sentence for a person.</param>
public sealed record JsonMistake(int Line, int Column, string Path, string Message)
{
    /// <summary><c>line:column path: message</c>.</summary>
    public override string ToString() => $"{Line}:{Column} {Path}: {Message}";
}

/// <summary>What came of reading a JSON file: all of it, or all that is wrong with it.</summary>
public abstract class JsonReading
{
    private protected JsonReading(string source, JsonMistakes mistakes) => (Source, Mistakes) = (source, mistakes.InOrder());

    /// <summary>The name of the file, as the caller gave it.</summary>
    public string Source { get; }

    /// <summary>The mistakes in the order of the file; none when it was read.</summary>
    public ValueList<JsonMistake> Mistakes { get; }

    /// <summary>One line for each mistake: <c>file:line:column path: message</c>, a form that editors and terminals make a link of.</summary>
    internal IEnumerable<string> Lines() => Mistakes.Select(mistake => $"{Source}:{mistake}");

    /// <summary>How many mistakes; nothing of what was read.</summary>
    public sealed override string ToString() => $"{Source}: {Mistakes.Count} mistakes";

    private protected T? Unless<T>(T? value) where T : class => Mistakes.Count > 0
        ? null
        : value ?? throw new InvalidOperationException("A file was read neither with a value nor with a mistake.");
}
