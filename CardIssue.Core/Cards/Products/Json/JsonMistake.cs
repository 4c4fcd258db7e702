using System.Diagnostics.CodeAnalysis;

namespace CardIssue.Core.Cards.Products;

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
/// <typeparam name="T">What the file says.</typeparam>
public sealed class JsonReading<T> where T : class
{
    internal JsonReading(string source, T? value, JsonMistakes mistakes)
    {
        Source = source;
        Mistakes = mistakes.InOrder();
        Value = Mistakes.Count == 0 ? value ?? throw new InvalidOperationException("A file was read neither with a value nor with a mistake.") : null;
    }

    /// <summary>The name of the file, as the caller gave it.</summary>
    public string Source { get; }

    /// <summary>What the file says; null when there is a mistake in it.</summary>
    public T? Value { get; }

    /// <summary>The mistakes in the order of the file; none when <see cref="Value"/> is there.</summary>
    public ValueList<JsonMistake> Mistakes { get; }

    /// <summary>Whether there is a value, and no mistake.</summary>
    [MemberNotNullWhen(true, nameof(Value))]
    public bool IsGood => Value is not null;

    /// <summary>One line for each mistake: <c>file:line:column path: message</c>, a form that editors and terminals make a link of.</summary>
    public IEnumerable<string> Lines() => Mistakes.Select(mistake => $"{Source}:{mistake}");
}
