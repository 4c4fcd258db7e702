using CardIssue.Center.Log;
using CardIssue.Center.Orders;
using CardIssue.Center.Products;
using CardIssue.Center.Programs;
using CardIssue.Center.Terminals;
using CardIssue.Center.Vault;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace CardIssue.Center.Sessions;

/// <summary>What a center's sessions work with. Whoever makes it owns and disposes the parts.</summary>
public sealed class CenterServices
{
    /// <summary>The key vault.</summary>
    public required IKeyVault Vault { get; init; }

    /// <summary>The orders.</summary>
    public required IOrderStore Orders { get; init; }

    /// <summary>The orders, as the center's operators use them.</summary>
    public required IOrderDesk Desk { get; init; }

    /// <summary>The terminals and their readers.</summary>
    public required ITerminalRegistry Terminals { get; init; }

    /// <summary>Counts refused attempts at access.</summary>
    public required AdmissionCounts Admissions { get; init; }

    /// <summary>The card products.</summary>
    public required IProductStore Products { get; init; }

    /// <summary>What their texts say.</summary>
    internal ReadProducts ReadProducts { get; } = new();

    /// <summary>The application programs that products load; null where no product loads any.</summary>
    public IProgramStore? Programs { get; init; }

    /// <summary>The log database (numeral 18).</summary>
    public required IExchangeLog Log { get; init; }

    /// <summary>Settings of the sessions.</summary>
    public CenterSessionOptions Options { get; init; } = new();

    /// <summary>This host's name among all hosts of the center, by <see cref="CardIssue.Core.Primitives.NameRule"/>; the store is opened under it, too
    /// (<see cref="Storage.LogOptions.Instance"/>).</summary>
    public required string Host { get; init; }

    /// <summary>How this host and the others of the center reach each other; null where the halves of a split line come to one host.</summary>
    public HostLink? Link { get; init; }

    /// <summary>Where time comes from.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The operational log; never holds data of an order.</summary>
    public ILoggerFactory Loggers { get; init; } = NullLoggerFactory.Instance;

    /// <summary>Is told each step as it happens, redacted; null when nobody looks.</summary>
    public IProgress<CenterProgress>? Display { get; init; }
}

/// <summary>One step of a session, for whoever watches the center.</summary>
/// <param name="At">When, UTC.</param>
/// <param name="Step">The step: S210 to S320.</param>
/// <param name="Session">The session.</param>
/// <param name="Text">What happened, redacted.</param>
public sealed record CenterProgress(DateTimeOffset At, string Step, string Session, string Text);
