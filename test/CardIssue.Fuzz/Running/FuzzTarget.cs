using CardIssue.Fuzz.Mutation;

namespace CardIssue.Fuzz.Running;

/// <summary>What one case may cost.</summary>
/// <param name="Bytes">Bytes that it may allocate, whatever its length.</param>
/// <param name="BytesPerByte">And for each of its bytes.</param>
/// <param name="Time">How long it may take.</param>
internal sealed record CaseLimits(long Bytes, long BytesPerByte, TimeSpan Time)
{
    /// <summary>For a parser.</summary>
    public static CaseLimits Parser { get; } = new(512 * 1024, 1_000, TimeSpan.FromSeconds(2));

    /// <summary>For a file that a program reads once: a product has templates that are filled, keys are derived.</summary>
    public static CaseLimits File { get; } = new(8 * 1024 * 1024, 2_000, TimeSpan.FromSeconds(5));

    /// <summary>For a whole issue, whose work is on many threads: only the time is judged.</summary>
    public static CaseLimits Flow { get; } = new(long.MaxValue, 0, TimeSpan.FromSeconds(40));
}

/// <summary>Something that takes a stranger's bytes. A case is well when it neither throws nor costs more than its limits.</summary>
/// <param name="name">Its name on the command line.</param>
/// <param name="mutator">How its inputs are changed.</param>
/// <param name="seeds">Good inputs to start from.</param>
internal abstract class FuzzTarget(string name, Mutator mutator, Func<IEnumerable<byte[]>> seeds) : IAsyncDisposable
{
    /// <summary>The longest input, in bytes.</summary>
    public const int MaxInput = 128 * 1024;

    /// <summary>Its name on the command line.</summary>
    public string Name => name;

    /// <summary>How its inputs are changed.</summary>
    public Mutator Mutator => mutator;

    /// <summary>What a case may cost.</summary>
    public abstract CaseLimits Limits { get; }

    /// <summary>Whether a case is a whole issue, so that tens are made in a second and not thousands.</summary>
    public abstract bool IsFlow { get; }

    /// <summary>Good inputs to start from.</summary>
    public IEnumerable<byte[]> Seeds() => seeds();

    /// <summary>Runs one case.</summary>
    public abstract void Run(byte[] input);

    /// <summary>Judges what can be judged only after all cases.</summary>
    public virtual void Finish()
    {
    }

    /// <inheritdoc/>
    public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>A parser: bytes in, a result out.</summary>
/// <param name="name">Its name on the command line.</param>
/// <param name="mutator">How its inputs are changed.</param>
/// <param name="seeds">Good inputs to start from.</param>
/// <param name="run">One case; what the parser says it may throw is caught within.</param>
/// <param name="limits">What a case may cost, when not the usual.</param>
internal sealed class ParserTarget(string name, Mutator mutator, Func<IEnumerable<byte[]>> seeds, Action<byte[]> run,
    CaseLimits? limits = null)
    : FuzzTarget(name, mutator, seeds)
{
    public override CaseLimits Limits => limits ?? CaseLimits.Parser;

    public override bool IsFlow => false;

    public override void Run(byte[] input) => run(input);
}

/// <summary>The target's own judgement: the input did what it must not do.</summary>
internal sealed class FindingException(string message) : Exception(message);
