namespace CardIssue.TerminalHost.Display;

/// <summary>What the operator reads in.</summary>
internal enum Language
{
    /// <summary>English; the default.</summary>
    English,
    /// <summary>Japanese.</summary>
    Japanese,
}

/// <summary>A text for people, in every language there is: one that lacks one can't be made.</summary>
/// <param name="English">In English.</param>
/// <param name="Japanese">In Japanese.</param>
internal readonly record struct Text(string English, string Japanese)
{
    /// <summary>It in one language.</summary>
    public string In(Language language) => language switch
    {
        Language.English => English,
        Language.Japanese => Japanese,
    };

    /// <summary>One behind the other.</summary>
    public static Text operator +(Text left, Text right) => new(left.English + right.English, left.Japanese + right.Japanese);

    /// <summary>A name, a number or what somebody else wrote: the same in every language.</summary>
    public static Text Same(string data) => new(data, data);
}
