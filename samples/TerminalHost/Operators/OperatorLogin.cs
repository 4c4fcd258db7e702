using System.Security.Cryptography;
using CardIssue.Core.Primitives;
using CardIssue.TerminalHost.Cli;

namespace CardIssue.TerminalHost.Operators;

/// <summary>What came of a login.</summary>
internal enum LoginResult
{
    /// <summary>It is that operator.</summary>
    Right,
    /// <summary>No such operator, or another password: which of both is not told.</summary>
    Wrong,
    /// <summary>Too many wrong ones in a row; nothing was looked at.</summary>
    TooMany,
}

/// <summary>Who works here, by name and password.</summary>
/// <param name="list">The operators.</param>
/// <param name="time">The clock.</param>
internal sealed class OperatorLogin(OperatorList list, TimeProvider time)
{
    /// <summary>So many wrong passwords in a row shut the terminal for <see cref="Pause"/>, and each one after them again.</summary>
    public const int MaxTries = 5;

    /// <summary>How long nobody can log in then.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private int _wrong;
    private long _last;

    /// <summary>Tries a name and a password. Slow on purpose, also for a name that nobody has.</summary>
    /// <exception cref="CommandException">The list is damaged.</exception>
    public LoginResult Try(string name, SecretBytes password)
    {
        if (_wrong >= MaxTries && time.GetElapsedTime(_last) < Pause) return LoginResult.TooMany;
        var all = list.Read();
        var known = all.FirstOrDefault(one => one.Name.Value == name);
        if ((known ?? Decoy(all))?.IsPassword(password) is true && known is not null)
        {
            _wrong = 0;
            return LoginResult.Right;
        }
        (_wrong, _last) = (_wrong + 1, time.GetTimestamp());
        return LoginResult.Wrong;
    }

    /// <summary>Costs what the others cost, so that time does not tell who is an operator; null where nobody is.</summary>
    private static KnownOperator? Decoy(IReadOnlyList<KnownOperator> all) =>
        all.Count == 0 ? null : all[0] with { Salt = ByteString.Own(RandomNumberGenerator.GetBytes(all[0].Salt.Length)) };
}
