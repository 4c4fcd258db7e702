using Microsoft.Extensions.Options;

namespace CardIssue.Center.Storage;

/// <summary>Collects what is wrong with a set of options, so that all of it is told at once.</summary>
internal sealed class OptionCheck<TOptions>
{
    private readonly List<string> _failures = [];

    public OptionCheck<TOptions> That(bool holds, string rule)
    {
        if (!holds) _failures.Add($"{typeof(TOptions).Name}: {rule}.");
        return this;
    }

    public OptionCheck<TOptions> Within<T>(T value, T least, T most, string name) where T : IComparable<T> =>
        That(value.CompareTo(least) >= 0 && value.CompareTo(most) <= 0, $"{name} is {value}; it must be from {least} to {most}");

    public void Done()
    {
        if (_failures.Count > 0) throw new OptionsValidationException(typeof(TOptions).Name, typeof(TOptions), _failures);
    }
}
