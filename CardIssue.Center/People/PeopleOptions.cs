using CardIssue.Center.Storage;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;
using Microsoft.Extensions.Options;

namespace CardIssue.Center.People;

/// <summary>Limits and times of people's accounts and of what they approve.</summary>
public sealed class PeopleOptions
{
    /// <summary>The longest password, in bytes of UTF-8.</summary>
    public const int MaxPassword = 1_024;

    /// <summary>What guessing a password is to cost, beside needing the vault.</summary>
    public Argon2Cost Cost { get; set; } = Argon2Cost.Default;

    /// <summary>The fewest characters of a password: 8 to 64.</summary>
    public int MinPassword { get; set; } = 12;

    /// <summary>Wrong passwords after which an account is shut: 1 to 20.</summary>
    public int MaxTries { get; set; } = 5;

    /// <summary>How long it is shut then, unless that is lifted before: 1 minute to 30 days. A wrong password counts as long.</summary>
    public TimeSpan LockTime { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>How long what was asked for may be approved, and what was approved may be used: 1 minute to 90 days.</summary>
    public TimeSpan ApprovalTime { get; set; } = TimeSpan.FromDays(7);

    /// <summary>What is wrong with a new password by these options; it is never quoted.</summary>
    public PasswordFault FaultOf(PersonName name, SecretBytes password)
    {
        ArgumentNullException.ThrowIfNull(password);
        return PasswordVerifier.Fault(name, password, this);
    }

    /// <summary>Checks the values.</summary>
    /// <exception cref="OptionsValidationException">A value is out of its range; the message names it.</exception>
    internal void Validate() => new OptionCheck<PeopleOptions>()
        .That(Cost.Fault() is null, Cost.Fault() ?? "")
        .Within(MinPassword, 8, 64, nameof(MinPassword))
        .Within(MaxTries, 1, 20, nameof(MaxTries))
        .Within(LockTime, TimeSpan.FromMinutes(1), TimeSpan.FromDays(30), nameof(LockTime))
        .Within(ApprovalTime, TimeSpan.FromMinutes(1), TimeSpan.FromDays(90), nameof(ApprovalTime))
        .Done();
}
