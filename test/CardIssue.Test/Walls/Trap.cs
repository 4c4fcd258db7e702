using System.Reflection;
using CardIssue.Center.Sessions;
using CardIssue.Core.Cards;
using CardIssue.Core.Lines;

namespace CardIssue.Test.Walls;

/// <summary>Makes a part that others bring along throw what nobody expects of it, once, at one of its members.</summary>
internal sealed class Trap
{
    private readonly Lock _sync = new();
    private string? _member;

    public bool HasSprung { get; private set; }

    /// <summary>The next call of that member throws.</summary>
    public void Arm(string member)
    {
        lock (_sync) _member = member;
    }

    public void Pass(string member)
    {
        lock (_sync)
        {
            if (member != _member) return;
            (_member, HasSprung) = (null, true);
        }
        throw new InvalidOperationException($"planted in {member}");
    }

    /// <summary>The part, with this trap before it; what it connects to has it too.</summary>
    public T Before<T>(T part) where T : class
    {
        var proxy = DispatchProxy.Create<T, Proxy>();
        ((Proxy)(object)proxy).Set(this, part);
        return proxy;
    }

    /// <summary>The center's parts, with one of them replaced.</summary>
    public static CenterServices Replace(CenterServices services, string part, object replacement)
    {
        var copy =
            (CenterServices)typeof(object).GetMethod("MemberwiseClone", BindingFlags.Instance | BindingFlags.NonPublic)!.Invoke(services, null)!;
        typeof(CenterServices).GetProperty(part)!.SetValue(copy, replacement);
        return copy;
    }

    public class Proxy : DispatchProxy
    {
        private Trap _trap = null!;
        private object _part = null!;

        internal void Set(Trap trap, object part) => (_trap, _part) = (trap, part);

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            _trap.Pass(targetMethod!.Name);
            return targetMethod.Invoke(_part, BindingFlags.DoNotWrapExceptions, null, args, null) switch
            {
                ValueTask<ICardConnection> connecting => TrappedAsync(connecting),
                ValueTask<ILine> connecting => TrappedAsync(connecting),
                var other => other,
            };
        }

        private async ValueTask<T> TrappedAsync<T>(ValueTask<T> connecting) where T : class => _trap.Before(await connecting);
    }
}
